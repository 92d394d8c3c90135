"""The graph as OpenLineage events: what holds data is a dataset, what made it is the job. Pure.

Studies and deployments are jobs; a trial is a run of its study; what was told of runs elsewhere is said as it was told.
Where nothing of that kind lies between two datasets, the making of the second is a job of its name. Run ids are made
from names, so an export says the same again.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping

from headrace_api.openlineage.models import Named, Run, RunEvent
from headrace_projections.changes import moment
from headrace_projections.lineage.edge import Edge
from headrace_projections.lineage.node import DATA, Node, NodeKind, named

WORK = frozenset({NodeKind.STUDY, NodeKind.TRIAL, NodeKind.DEPLOYMENT, NodeKind.RUN})

Into = Mapping[Node, list[Edge]]


def run_events(project: str, edges: Iterable[Edge], producer: str) -> list[RunEvent]:
    """One event for each dataset and each work that put something into it, the oldest first."""
    into: dict[Node, list[Edge]] = defaultdict(list)
    for edge in edges:
        into[edge.target].append(edge)
    events = [
        _event(project, output, work, into, producer)
        for output in list(into)
        if output.kind in DATA and any(edge.source.kind in DATA | WORK for edge in into[output])
        for work in dict.fromkeys(edge.source for edge in into[output] if edge.source.kind in WORK) or (output,)
    ]
    return sorted(events, key=lambda event: (event.event_time, event.outputs[0].name))


def _event(project: str, output: Node, work: Node, into: Into, producer: str) -> RunEvent:
    last = max(edge.since for edge in into[output] if work in {edge.source, output} or edge.source.kind not in WORK)
    inputs = {edge.source for edge in into[output] if edge.source.kind in DATA} | _inputs(work, into)
    return RunEvent(
        event_time=moment(last),
        event_type="RUNNING" if output.kind is NodeKind.PREDICTIONS else "COMPLETE",
        run=Run(run_id=_run_id(project, work)),
        job=_named(project, _job(work, into)),
        inputs=[_named(project, each) for each in sorted(inputs)],
        outputs=[_named(project, output)],
        producer=producer,
    )


def _run_id(project: str, work: Node) -> uuid.UUID:
    if work.kind is NodeKind.RUN:
        return uuid.UUID(work.name)
    return uuid.uuid5(uuid.NAMESPACE_URL, f"headrace://{project}/{work}")


def _job(work: Node, into: Into) -> Node:
    if work.kind is NodeKind.RUN:
        return next((edge.source for edge in into.get(work, []) if edge.source.kind is NodeKind.JOB), work)
    return Node(NodeKind.STUDY, work.name.rpartition(".")[0]) if work.kind is NodeKind.TRIAL else work


def _inputs(node: Node, into: Into) -> set[Node]:
    """The nearest datasets above a node, through the work that lies between."""
    found: set[Node] = set()
    for edge in into.get(node, []):
        if edge.source.kind in DATA:
            found.add(edge.source)
        elif edge.source.kind in WORK:
            found |= _inputs(edge.source, into)
    return found


def _named(project: str, node: Node) -> Named:
    known = named(node, project)
    return Named(namespace=known.namespace, name=known.name)
