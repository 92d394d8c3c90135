"""Runs of jobs elsewhere, with the jobs and the datasets that members name."""

from headrace_events.lineage_run import Named, RunEventRecorded
from headrace_projections.lineage.node import Node, NodeKind, dataset, job, run
from headrace_projections.search.document import Document
from headrace_projections.search.telling import Telling, on

_STATES = {"COMPLETE": "completed", "FAIL": "failed", "ABORT": "aborted"}


@on(RunEventRecorded)
def run_event_recorded(told: Telling[RunEventRecorded]) -> list[Document]:
    """The run in its last state, which a late event does not open again, and what is named for the first time."""
    event = told.event
    before = told.before(run(event.run))
    state = _STATES.get(event.event_type) or (before.state if before is not None else "running")
    if before is None:
        text = (event.run, event.producer, event.job.namespace)
        documents = [told.new(run(event.run), event.job.name, text=text, state=state)]
    else:
        documents = told.again(run(event.run), state=state)
    named = {job(event.job): event.job}
    named |= {dataset(told.project, one): one for one in (*event.inputs, *event.outputs)}
    return documents + [
        _claimed(told, thing, one)
        for thing, one in named.items()
        if thing.kind in {NodeKind.JOB, NodeKind.DATASET} and told.before(thing) is None
    ]


def _claimed(told: Telling[RunEventRecorded], thing: Node, named: Named) -> Document:
    return told.new(thing, named.name, text=(named.namespace,), state="claimed")
