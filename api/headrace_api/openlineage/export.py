"""The graph as OpenLineage events: what holds data is a dataset, what made it is the job. Pure.

Studies and deployments are jobs; a trial is a run of its study. Where nothing of that kind lies between two datasets,
the making of the second is a job of its name. Run ids are made from names, so an export says the same again.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping

from headrace_api.openlineage.models import Named, Run, RunEvent
from headrace_projections.changes import moment
from headrace_projections.lineage.edge import Edge
from headrace_projections.lineage.node import Node, NodeKind

DATA = frozenset(
    {
        NodeKind.TOPIC,
        NodeKind.FEATURE_GROUP,
        NodeKind.FEATURE_VIEW,
        NodeKind.TRAINING_DATASET,
        NodeKind.MODEL_VERSION,
        NodeKind.PREDICTIONS,
    }
)
WORK = frozenset({NodeKind.STUDY, NodeKind.TRIAL, NodeKind.DEPLOYMENT})


def run_events(project: str, edges: Iterable[Edge], producer: str) -> list[RunEvent]:
    """One event for each dataset that something was put into, the oldest first."""
    into: dict[Node, list[Edge]] = defaultdict(list)
    for edge in edges:
        into[edge.target].append(edge)
    events = [
        _event(project, output, into, producer)
        for output in into
        if output.kind in DATA and any(edge.source.kind in DATA | WORK for edge in into[output])
    ]
    return sorted(events, key=lambda event: (event.event_time, event.outputs[0].name))


def _event(project: str, output: Node, into: Mapping[Node, list[Edge]], producer: str) -> RunEvent:
    work = next((edge.source for edge in into[output] if edge.source.kind in WORK), output)
    last = max(edge.since for edge in into[output])
    return RunEvent(
        event_time=moment(last),
        event_type="RUNNING" if output.kind is NodeKind.PREDICTIONS else "COMPLETE",
        run=Run(run_id=uuid.uuid5(uuid.NAMESPACE_URL, f"headrace://{project}/{work}")),
        job=_named(project, _job(work)),
        inputs=[_named(project, each) for each in sorted(_inputs(output, into))],
        outputs=[_named(project, output)],
        producer=producer,
    )


def _job(work: Node) -> Node:
    return Node(NodeKind.STUDY, work.name.rpartition(".")[0]) if work.kind is NodeKind.TRIAL else work


def _inputs(node: Node, into: Mapping[Node, list[Edge]]) -> set[Node]:
    """The nearest datasets above a node, through the work that lies between."""
    found: set[Node] = set()
    for edge in into.get(node, []):
        if edge.source.kind in DATA:
            found.add(edge.source)
        elif edge.source.kind in WORK:
            found |= _inputs(edge.source, into)
    return found


def _named(project: str, node: Node) -> Named:
    return Named(namespace=f"headrace://{node.elsewhere or project}", name=f"{node.kind}:{node.name}")
