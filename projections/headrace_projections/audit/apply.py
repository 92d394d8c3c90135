"""From a record of the trail to its row: a pure function."""

from datetime import UTC, datetime, timedelta

from headrace_broker.audit import ActCodec
from headrace_broker.record import Record
from headrace_projections.changes import Append, Change, moment
from headrace_schemas.errors import Undecodable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CODEC = ActCodec()


def apply(record: Record) -> list[Change]:
    """The row of an act; raises SchemaError."""
    if record.value is None:
        raise Undecodable(f"{record.at} has no value: nothing of the trail is ever taken back")
    act = _CODEC.act(record.value)
    row = {
        "log_offset": record.offset,
        "time": moment(act.at),
        "logged_time": _EPOCH + timedelta(milliseconds=record.timestamp),
        "actor": act.actor,
        "act": act.act,
        "kind": act.act.partition(".")[0],
        "outcome": act.outcome.value,
        "code": act.code,
        "message": act.message,
        "project": act.project,
        "subject": act.subject,
        "address": act.address,
        "command_id": act.command,
        "count": act.count,
        "details": dict(act.details),
    }
    return [Append("acts", row)]
