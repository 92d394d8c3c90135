"""From records of a feature topic to rows that fit their group, and to refusals with their reasons.

Both the online and the offline projection judge with this one function, so they cannot disagree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from headrace_broker.record import Record
from headrace_events.entity_key import decode_key
from headrace_events.errors import Invalid
from headrace_projections.rows.avro import FIRST_MICROS, LAST_MICROS, Decoded, Field, Values, decode, fields_of
from headrace_projections.rows.groups import Group
from headrace_projections.rows.keys import keys_of
from headrace_projections.rows.ragged import Longs
from headrace_schemas.errors import Undecodable
from headrace_schemas.framing import HEAD_BYTES, schema_id_of

EVENT_TIME = "headrace_event_time"
KNOWN_AT = "headrace_known_at"
AHEAD_US = 300_000_000
"""How far a claimed known-at may lie ahead of the log's clock: clocks differ."""
_PROMOTIONS = {("int", "bigint"), ("float", "double")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of one group that were written with one schema, or (schema 0, no columns) deletes. Times are µs UTC."""

    schema_id: int
    keys: list[bytes]
    bodies: list[bytes]
    event_time: Longs
    known_at: Longs
    appended: Longs
    partition: Longs
    offset: Longs
    decoded: Decoded | None

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def deleted(self) -> bool:
        """Whether these are deletes."""
        return self.decoded is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A record that no row came of, and why."""

    record: Record
    reason: str

    def as_row(self) -> tuple[str, str, int, int, str]:
        """Topic, topic id, partition, offset and reason, as tables of dead letters have them."""
        at = self.record
        return at.topic, at.topic_id, at.partition, at.offset, self.reason.replace("\0", "\ufffd")[:1000]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What came of a batch of one topic; `schemas` has those that its rows were written with."""

    rows: list[Rows]
    refused: list[Refused]
    schemas: Mapping[int, str] = field(default_factory=dict)


def unknown_schema(record: Record, knows: Callable[[int], bool]) -> int | None:
    """The id of the schema that the record names, unless that is known."""
    try:
        schema_id = schema_id_of(record.value) if record.value is not None else 0
    except Undecodable:
        return None
    return None if schema_id == 0 or knows(schema_id) else schema_id


def fit(group: Group, schemas: Mapping[int, str], records: Sequence[Record]) -> Fitted:
    """Judge every record: it becomes a row, or is refused with a reason."""
    refused: list[Refused] = []
    deletes: list[Record] = []
    written: dict[bytes, list[Record]] = {}
    for record in records:
        if record.value is None:
            deletes.append(record)
        else:
            written.setdefault(record.value[:HEAD_BYTES], []).append(record)
    rows = [_upserts(group, schemas, head, found, refused) for head, found in written.items()]
    if deletes:
        rows.append(_deletes(group, deletes, refused))
    refused.sort(key=lambda found: (found.record.partition, found.record.offset))
    found = [part for part in rows if part is not None and len(part)]
    read = {part.schema_id: schemas[part.schema_id] for part in found if not part.deleted}
    return Fitted(rows=found, refused=refused, schemas=read)


def _upserts(
    group: Group, schemas: Mapping[int, str], head: bytes, records: list[Record], refused: list[Refused]
) -> Rows | None:
    try:
        schema_id = schema_id_of(head)
        fields = _fields_for(group, schemas, schema_id)
    except Undecodable as error:
        refused += [Refused(record=record, reason=str(error)) for record in records]
        return None
    records, known_at = _known(records, refused)
    bodies = [(record.value or b"")[HEAD_BYTES:] for record in records]
    decoded = decode(fields, bodies)
    reasons = dict(decoded.errors)
    for name in (*group.primary_key, *((group.event_time,) if group.event_time else ())):
        for row in np.flatnonzero(~decoded.columns[name].present).tolist():
            reasons.setdefault(row, f"column {name!r} is null and must not be")
    expected = keys_of(decoded.buffer, group.key_types, [decoded.columns[name] for name in group.primary_key])
    claimed = [record.key for record in records]
    if claimed != expected:
        for row, (key, canonical) in enumerate(zip(claimed, expected, strict=True)):
            if key != canonical:
                reasons.setdefault(row, "the record's key is not the canonical key of its row")
    refused += [Refused(record=records[row], reason=reason) for row, reason in sorted(reasons.items())]
    event_time = decoded.columns[group.event_time].numbers if group.event_time else known_at
    assert event_time is not None  # noqa: S101 - timestamps are numbers
    rows = Rows(
        schema_id=schema_id,
        keys=expected,
        bodies=bodies,
        event_time=event_time,
        known_at=known_at,
        appended=_appended(records),
        **_places(records),
        decoded=decoded,
    )
    return _without(rows, reasons) if reasons else rows


def _deletes(group: Group, records: list[Record], refused: list[Refused]) -> Rows:
    fitting = []
    for record in records:
        try:
            decode_key(group.key_types, record.key or b"")
        except Invalid as error:
            refused.append(Refused(record=record, reason=error.message))
        else:
            fitting.append(record)
    if group.event_time:
        fitting, _ = _times(fitting, EVENT_TIME, refused, required=True)
    fitting, known_at = _known(fitting, refused)
    event_time = known_at
    if group.event_time:
        event_time = np.array([int(record.headers[EVENT_TIME]) for record in fitting], np.int64)
    return Rows(
        schema_id=0,
        keys=[record.key or b"" for record in fitting],
        bodies=[b""] * len(fitting),
        event_time=event_time,
        known_at=known_at,
        appended=_appended(fitting),
        **_places(fitting),
        decoded=None,
    )


def _known(records: list[Record], refused: list[Refused]) -> tuple[list[Record], Longs]:
    """The records with when they were known: as they claim, unless that is to come, or when the log took them."""
    early = [record for record in records if KNOWN_AT in record.headers and _is_to_come(record)]
    if early:
        reason = f"header {KNOWN_AT} lies ahead of the log's clock: nobody can have known the row"
        refused += [Refused(record=record, reason=reason) for record in early]
        places = {(record.partition, record.offset) for record in early}
        records = [record for record in records if (record.partition, record.offset) not in places]
    return _times(records, KNOWN_AT, refused, required=False)


def _is_to_come(record: Record) -> bool:
    claimed = micros(record.headers[KNOWN_AT])
    return claimed is not None and claimed > record.timestamp * 1000 + AHEAD_US


def _times(records: list[Record], header: str, refused: list[Refused], *, required: bool) -> tuple[list[Record], Longs]:
    """The records whose header is a time (or absent and not required), with it or else the log's time."""
    said = [record.headers.get(header) for record in records]
    if not required and said.count(None) == len(said):
        return records, _appended(records)
    fitting: list[Record] = []
    times: list[int] = []
    for record, text in zip(records, said, strict=True):
        time = record.timestamp * 1000 if text is None else micros(text)
        if (text is None and required) or time is None:
            shown = "is missing" if text is None else f"is {text[:40]!r}"
            refused.append(Refused(record=record, reason=f"header {header} {shown}; it holds microseconds UTC"))
        else:
            fitting.append(record)
            times.append(time)
    return fitting, np.array(times, np.int64)


def micros(text: str) -> int | None:
    """A time as headers have it: decimal microseconds UTC in the years 1 to 9999, else None."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 18:
        return None
    return int(text) if FIRST_MICROS <= int(text) <= LAST_MICROS else None


def _appended(records: Sequence[Record]) -> Longs:
    return np.fromiter((record.timestamp for record in records), np.int64, len(records)) * 1000


def _places(records: Sequence[Record]) -> dict[str, Longs]:
    return {
        "partition": np.fromiter((record.partition for record in records), np.int64, len(records)),
        "offset": np.fromiter((record.offset for record in records), np.int64, len(records)),
    }


def _without(rows: Rows, reasons: Mapping[int, str]) -> Rows:
    keep = np.ones(len(rows), np.bool_)
    keep[list(reasons)] = False
    return kept(rows, keep)


def kept(rows: Rows, keep: npt.NDArray[np.bool_]) -> Rows:
    """Only the rows where `keep` is true."""
    chosen = np.flatnonzero(keep).tolist()
    return Rows(
        schema_id=rows.schema_id,
        keys=[rows.keys[row] for row in chosen],
        bodies=[rows.bodies[row] for row in chosen],
        event_time=rows.event_time[keep],
        known_at=rows.known_at[keep],
        appended=rows.appended[keep],
        partition=rows.partition[keep],
        offset=rows.offset[keep],
        decoded=None if rows.decoded is None else _kept_columns(rows.decoded, keep),
    )


def _kept_columns(decoded: Decoded, keep: npt.NDArray[np.bool_]) -> Decoded:
    columns = {
        name: Values(
            type=values.type,
            present=values.present[keep],
            numbers=None if values.numbers is None else values.numbers[keep],
            starts=None if values.starts is None else values.starts[keep],
            lengths=None if values.lengths is None else values.lengths[keep],
            objects=None if values.objects is None else values.objects[keep],
        )
        for name, values in decoded.columns.items()
    }
    return Decoded(buffer=decoded.buffer, columns=columns, errors={})


@lru_cache(maxsize=1024)
def _fields(text: str) -> tuple[Field, ...]:
    return fields_of(text)


def _fields_for(group: Group, schemas: Mapping[int, str], schema_id: int) -> Sequence[Field]:
    """The fields of rows of that schema; raises Undecodable unless they can be read as rows of the group."""
    if schema_id not in schemas:
        raise Undecodable(f"schema {schema_id} is not one of subject {group.subject!r}")
    fields = _fields(schemas[schema_id])
    written = {entry.name: entry.type for entry in fields}
    required = {*group.primary_key, group.event_time}
    for column in group.columns:
        kind = written.get(column.name)
        if kind is None and column.name in required:
            raise Undecodable(f"the schema lacks column {column.name!r}")
        if kind is not None and kind != column.type and (kind, column.type) not in _PROMOTIONS:
            raise Undecodable(f"column {column.name!r} is {kind} in the schema, {column.type} in the group")
    return fields
