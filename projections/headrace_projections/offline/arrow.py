"""Rows as Arrow tables: the group's columns, and what the log says of each row."""

from typing import Any

import numpy as np
import pyarrow as pa

from headrace_events.entity_key import decode_key
from headrace_events.feature_type import Array, Decimal, Embedding, FeatureType, Flat, Map, Struct, parsed
from headrace_projections.rows.avro import Decoded, Values
from headrace_projections.rows.fit import Rows
from headrace_projections.rows.groups import Group
from headrace_projections.rows.ragged import offsets_of, span

_TIME = pa.timestamp("us", tz="UTC")


class _Types(dict[str, Any]):
    """The flat types; nested ones are worked out when they are first asked for."""

    def __missing__(self, kind: str) -> Any:
        found = self[kind] = _nested(parsed(kind))
        return found


def _nested(kind: FeatureType) -> Any:
    match kind:
        case Flat():
            return TYPES[kind.name]
        case Decimal():
            return pa.decimal128(kind.precision, kind.scale)
        case Embedding():
            return pa.list_(pa.float32())
        case Array():
            return pa.list_(_nested(kind.item))
        case Map():
            return pa.map_(pa.string(), _nested(kind.item))
        case Struct():
            return pa.struct([pa.field(name, _nested(inner)) for name, inner in kind.fields])


TYPES = _Types(
    {
        "boolean": pa.bool_(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "string": pa.string(),
        "binary": pa.binary(),
        "date": pa.date32(),
        "timestamp": _TIME,
    }
)
"""Feature type → Arrow type."""

EVENT_DATE = "_event_date"
_DAY_US = 86_400_000_000
_LOG = [
    pa.field("_offset", pa.int64(), nullable=False),
    pa.field("_partition", pa.int32(), nullable=False),
    pa.field("_known_at", _TIME, nullable=False),
    pa.field("_operation", pa.string(), nullable=False),
    pa.field("_append_time", _TIME, nullable=False),
    pa.field(EVENT_DATE, pa.date32(), nullable=False),
]
WRITTEN_WITH = "_schema_id"
"""The schema that the row was written with: 0 of a delete, null of rows from before it was kept."""


def stored_schema(group: Group) -> Any:
    """The Arrow schema of the group's Delta table: what is read of it, and what reading needs."""
    return schema_of(group).append(pa.field(WRITTEN_WITH, pa.int32()))


def schema_of(group: Group) -> Any:
    """The Arrow schema of what is read of the group. `_event_date` is the UTC date of the event time."""
    always = {*group.primary_key, group.event_time}
    columns = [pa.field(column.name, TYPES[column.type], column.name not in always) for column in group.columns]
    return pa.schema([*columns, *_LOG])


def table_of(group: Group, rows: Rows) -> Any:
    """The rows (or deletes) as a table of that schema."""
    count = len(rows)
    columns = _deletes(group, rows) if rows.decoded is None else _upserts(group, rows.decoded, count)
    operation = pa.array(["delete" if rows.deleted else "upsert"] * count, pa.string())
    log = [
        pa.array(rows.offset, pa.int64()),
        pa.array(rows.partition.astype(np.int32), pa.int32()),
        pa.array(rows.known_at).cast(_TIME),
        operation,
        pa.array(rows.appended).cast(_TIME),
        pa.array((rows.event_time // _DAY_US).astype(np.int32)).cast(pa.date32()),
        pa.repeat(pa.scalar(rows.schema_id, pa.int32()), count),
    ]
    return pa.Table.from_arrays([*columns, *log], schema=stored_schema(group))


def _upserts(group: Group, decoded: Decoded, count: int) -> list[Any]:
    return [
        _array(decoded, decoded.columns[column.name], column.type)
        if column.name in decoded.columns
        else pa.nulls(count, TYPES[column.type])
        for column in group.columns
    ]


def _array(decoded: Decoded, values: Values, kind: str) -> Any:
    if values.numbers is not None:
        mask = None if values.present.all() else ~values.present
        numbers = pa.array(values.numbers, mask=mask)
        return numbers if numbers.type == TYPES[kind] else numbers.cast(TYPES[kind])
    if values.objects is not None:
        return pa.array(values.objects.tolist(), TYPES[kind])
    assert values.starts is not None  # noqa: S101 - strings and binaries have places
    assert values.lengths is not None  # noqa: S101
    data = decoded.buffer[span(values.starts, values.lengths)]
    offsets = offsets_of(values.lengths)
    valid = None if values.present.all() else pa.py_buffer(np.packbits(values.present, bitorder="little"))
    return pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(values.present), [valid, pa.py_buffer(offsets), pa.py_buffer(data)]
    ).cast(TYPES[kind])


def _deletes(group: Group, rows: Rows) -> list[Any]:
    keys = [decode_key(group.key_types, key) for key in rows.keys]
    of_key = {name: [key[place] for key in keys] for place, name in enumerate(group.primary_key)}
    if group.event_time and group.event_time not in of_key:
        of_key[group.event_time] = rows.event_time.tolist()
    return [
        pa.array(of_key[column.name], TYPES[column.type])
        if column.name in of_key
        else pa.nulls(len(rows), TYPES[column.type])
        for column in group.columns
    ]
