"""What members claim of runs elsewhere."""

from headrace_events.envelope import Recorded
from headrace_events.lineage_run import RunEventRecorded
from headrace_projections.catalogue.apply.handlers import on
from headrace_projections.changes import Change


@on(RunEventRecorded)
def record_run_event(event: RunEventRecorded, at: Recorded) -> list[Change]:
    """Change no table but the feed: the graph of lineage shows it."""
    return []
