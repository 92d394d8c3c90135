"""Records of a topic as readings: each counts once, by its place in the log, whatever it holds.

A topic has no key and no delete: two records that are alike are two. A record without a value is none.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Any

from headrace_broker.dead_letters import DeadLetter
from headrace_broker.record import Record
from headrace_events.entity_key import encode_key
from headrace_events.errors import Invalid
from headrace_processors.streams.declared import Stream
from headrace_processors.streams.reading import ROWS, Reading, Readings
from headrace_schemas.codec import RecordCodec
from headrace_schemas.errors import SchemaError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def from_topic(
    stream: Stream, records: Iterable[Record], codec: RecordCodec, readings: Readings, refused: list[DeadLetter]
) -> Iterator[Reading]:
    """The readings of the records, in order; what cannot be read as the declaration says is added to `refused`."""
    for record in records:
        if record.value is None:
            continue
        try:
            yield _read(stream, record, codec.decode(record.value), readings)
        except (SchemaError, Invalid) as error:
            refused.append(DeadLetter(record=record, error=f"{stream.name}: {error}"))


def _read(stream: Stream, record: Record, row: Mapping[str, Any], readings: Readings) -> Reading:
    time = row.get(stream.declared.event_time or "")
    if not isinstance(time, datetime):
        raise Invalid("no-event-time", f"field {stream.declared.event_time!r} has no time")
    moment = _in_log(time)
    numbers: dict[str, float | None] = {ROWS: 1.0, **{name: _number(name, row.get(name)) for name in stream.numbers}}
    parts = [_in_log(row.get(name)) for name in stream.declared.keys]
    if None in parts:
        return record.partition, moment, None
    entry = readings.reading(
        stream,
        f"{record.partition}:{record.offset}".encode(),
        moment,
        record.timestamp * 1000,
        record.offset,
        entity=encode_key(stream.group.key_types, parts),
        numbers=numbers,
    )
    return record.partition, moment, entry


def _in_log(value: Any) -> Any:
    """The value as rows and keys have it in the log: times in microseconds, dates in days."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return (aware - _EPOCH) // _MICROSECOND
    return value.toordinal() - _EPOCH.toordinal() if isinstance(value, date) else value


def _number(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid("not-a-number", f"field {name!r} is no number")
    if not isfinite(value):
        raise Invalid("not-a-number", f"field {name!r} is not finite")
    return float(value)
