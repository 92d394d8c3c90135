"""The feed of everything that happened, and the version of every aggregate."""

from headrace_events.envelope import Recorded
from headrace_projections.catalogue.apply.handlers import handlers, project_of
from headrace_projections.changes import Append, Change, Upsert, moment
from headrace_schemas.records import to_record


@handlers.always
def remember(at: Recorded) -> list[Change]:
    """Add the event to the feed, and show the version that its aggregate has now."""
    project, aggregate = project_of(at), at.aggregate
    line = {
        "project": project,
        "seq": at.seq,
        "event_id": at.id,
        "type": at.event.wire,
        "aggregate": aggregate,
        "version": at.version,
        "actor": at.actor,
        "cause": at.cause,
        "run": at.run,
        "time": moment(at.time),
        "position": str(at.at),
        "body": to_record(at.event),
    }
    return [
        Append("activity", line),
        Upsert(
            "aggregate_versions",
            {"project": project, "aggregate": aggregate},
            {"version": at.version, "seq": at.seq},
        ),
    ]
