"""Rows of a source as readings: what Flink aggregates, in one form whatever the source's columns are.

A null is missing. A row whose entity has a null in it belongs to nobody's windows.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headrace_broker.record import Entry
from headrace_broker.topics import READINGS, STREAMS, TICKS
from headrace_events.entity_key import encode_key
from headrace_processors.streams.clock import pane_end
from headrace_processors.streams.declared import Stream
from headrace_projections.rows.fit import Rows
from headrace_projections.rows.keys import keys_of
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas

ROWS = ""
"""The number that is 1 in every reading: its values are counted as any column's are."""


Reading = tuple[int, int, Entry | None]
"""Of a row or record its partition and event time, and its reading; None where it belongs to no entity."""


def derived_key(stream: Stream, **more: Any) -> bytes:
    """A key as Flink's JSON format writes and reads it."""
    return json.dumps({"project": stream.project, "feature_group": stream.name, **more}, separators=(",", ":")).encode()


def entities(stream: Stream, rows: Rows) -> list[bytes | None]:
    """The canonical key of each row's entity; None where a part of it is null."""
    decoded = rows.decoded
    assert decoded is not None  # noqa: S101 - deletes have no columns
    defaults = stream.source.defaults
    keys = stream.declared.keys
    if all(key in decoded.columns for key in keys):
        columns = [decoded.columns[key] for key in keys]
        made = keys_of(decoded.buffer, stream.group.key_types, columns)
        return [key if all(column.present[row] for column in columns) else None for row, key in enumerate(made)]
    if any(key not in decoded.columns and key not in defaults for key in keys):
        return [None] * len(rows)
    parts = [
        entities_of(decoded, kind, key, len(rows))
        if key in decoded.columns
        else [encode_key([kind], [defaults[key]])] * len(rows)  # type: ignore[list-item] # keys are flat
        for kind, key in zip(stream.group.key_types, keys, strict=True)
    ]
    return [None if None in row else b"".join(part for part in row if part) for row in zip(*parts, strict=True)]


def entities_of(decoded: Any, kind: str, key: str, count: int) -> Sequence[bytes | None]:
    """One part of each row's key."""
    column = decoded.columns[key]
    made = keys_of(decoded.buffer, [kind], [column])
    return [made[row] if column.present[row] else None for row in range(count)]


def numbers_of(stream: Stream, rows: Rows) -> Iterator[dict[str, float | None]]:
    """The values of each row that are aggregated."""
    decoded = rows.decoded
    assert decoded is not None  # noqa: S101 - deletes have no columns
    columns: dict[str, list[float | None]] = {}
    for name in stream.numbers:
        values = decoded.columns.get(name)
        if values is None:
            default: Any = stream.source.defaults.get(name)
            columns[name] = [default] * len(rows)
        else:
            assert values.numbers is not None  # noqa: S101 - a declaration names numbers only
            shown = zip(values.numbers.tolist(), values.present.tolist(), strict=True)
            columns[name] = [float(number) if present else None for number, present in shown]
    for row in range(len(rows)):
        yield {ROWS: 1.0, **{name: column[row] for name, column in columns.items()}}


class Readings:
    """Rows, definitions and ends of windows as entries of the derived topics."""

    def __init__(self) -> None:
        self._records = RecordCodec(ShippedSchemas())
        self._reading = schema_id("derived/reading.v1.avsc")
        self._stream = schema_id("derived/stream.v1.avsc")
        self._tick = schema_id("derived/tick.v1.avsc")

    def removals(self, stream: Stream, rows: Rows) -> Iterator[Entry]:
        """What takes readings back."""
        shown = zip(rows.keys, rows.event_time.tolist(), rows.known_at.tolist(), rows.offset.tolist(), strict=True)
        for key, time, known_at, offset in shown:
            yield self._entry(stream, key, time, known_at, offset, entity="", numbers={}, removed=True)

    def readings(self, stream: Stream, rows: Rows) -> Iterator[Reading]:
        """The readings of rows, in order."""
        shown = zip(
            rows.keys,
            entities(stream, rows),
            rows.partition.tolist(),
            rows.event_time.tolist(),
            rows.known_at.tolist(),
            rows.offset.tolist(),
            numbers_of(stream, rows),
            strict=True,
        )
        for key, entity, partition, time, known_at, offset, numbers in shown:
            if entity is None:
                yield partition, time, None
            else:
                made = self.reading(stream, key, time, known_at, offset, entity=entity, numbers=numbers)
                yield partition, time, made

    def reading(
        self,
        stream: Stream,
        key: bytes,
        time: int,
        known_at: int,
        offset: int,
        *,
        entity: bytes,
        numbers: Mapping[str, float | None],
    ) -> Entry:
        """One reading of an entity."""
        return self._entry(stream, key, time, known_at, offset, entity=entity.hex(), numbers=numbers, removed=False)

    def definition(self, stream: Stream) -> Entry:
        """What windows the stream has."""
        frames = dict.fromkeys((frame.number, frame.over_slides) for frame in stream.frames.values())
        value = {
            "project": stream.project,
            "feature_group": stream.name,
            "slide_us": stream.slide,
            "frames": [{"number": number, "over_slides": over} for number, over in frames],
            "steps": list(range(stream.reach // stream.slide + 1)),
        }
        return Entry(topic=STREAMS, key=derived_key(stream), value=self._records.encode(self._stream, value))

    def tick(self, stream: Stream, end: int) -> Entry:
        """Windows that end then go out."""
        value = {"project": stream.project, "feature_group": stream.name, "end_us": end}
        key = derived_key(stream, end_us=end)
        return Entry(topic=TICKS, key=key, value=self._records.encode(self._tick, value))

    def _entry(self, stream: Stream, key: bytes, time: int, known_at: int, offset: int, **fields: Any) -> Entry:
        value = {
            "project": stream.project,
            "feature_group": stream.name,
            "source_key": key.hex(),
            "time_us": time,
            "known_at_us": known_at,
            "source_offset": offset,
            "pane_end_us": pane_end(time, stream.slide),
            **fields,
        }
        place = derived_key(stream, source_key=key.hex(), time_us=time, source_offset=offset)
        return Entry(topic=READINGS, key=place, value=self._records.encode(self._reading, value))
