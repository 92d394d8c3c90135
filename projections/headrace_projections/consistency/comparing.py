"""Compare the online rows in a file with the offline history, in bounded memory.

Equal digests prove that every key has the same last row; only where they differ are rows compared one by one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from headrace_projections.consistency.compared import (
    OPERATION,
    REASON,
    Consistency,
    KeyDifference,
    StoreDigest,
    compared_schema,
)
from headrace_projections.consistency.queries import (
    COUNTED,
    OFFLINE,
    OFFLINE_THERE,
    ONLINE,
    ONLINE_THERE,
    differing,
    differing_schema,
    in_order,
    last_rows,
)
from headrace_projections.history.engine import Engine
from headrace_projections.history.hashing import DatasetHash
from headrace_projections.history.positions import written
from headrace_projections.history.view import GroupHistory
from headrace_projections.rows.groups import Group

SHOWN = 20
"""Keys that are named of those that differ; the others are counted."""


def compare(history: GroupHistory, online: Path, offline: Path, engine: Engine) -> Consistency:
    """What is in `online` with the history's last rows, which are written to `offline`; raises Unavailable."""
    group = history.group
    schema = compared_schema(group)
    with engine.stream(in_order(group, online), schema) as batches:
        one = _digested(batches, schema)
    other = _last_rows(engine, history, schema, offline)
    equal = one == other
    return Consistency(
        equal=equal,
        positions=written({group.topic_id: history.ends}),
        online=one,
        offline=other,
        different=0 if equal else _count(engine, group, online, offline),
        differences=() if equal else tuple(_differences(engine, group, online, offline)),
    )


def _last_rows(engine: Engine, history: GroupHistory, schema: Any, file: Path) -> StoreDigest:
    """The digest of the history's last rows, which are written to the file."""
    if not history.files:
        return _digested(_kept(iter(()), schema, file), schema)
    with engine.stream(last_rows(history), schema) as batches:
        return _digested(_kept(batches, schema, file), schema)


def _digested(batches: Iterator[pa.RecordBatch], schema: Any) -> StoreDigest:
    hashing = DatasetHash(pa.schema([pa.field(field.name, _flat(field.type)) for field in schema]))
    keys = deleted = 0
    for batch in hashing.split("rows", map(_flattened, batches)):
        keys += batch.num_rows
        deleted += pc.sum(pc.equal(batch.column(OPERATION), "delete")).as_py() or 0
    return StoreDigest(keys=keys, deleted=deleted, digest=hashing.hexdigest())


def _flat(kind: Any) -> Any:
    """The type that the digest knows: of what is nested, or a decimal, the values are texts."""
    return pa.string() if pa.types.is_nested(kind) or pa.types.is_decimal(kind) else kind


def _flattened(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [
        column if _flat(column.type) == column.type else pa.array(map(_text, column.to_pylist()), pa.string())
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _text(value: Any) -> str | None:
    return None if value is None else repr(value)


def _kept(batches: Iterator[pa.RecordBatch], schema: Any, file: Path) -> Iterator[pa.RecordBatch]:
    """Pass the batches on, and write them to the file too."""
    with pq.ParquetWriter(file, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield batch


def _count(engine: Engine, group: Group, online: Path, offline: Path) -> int:
    with engine.stream(differing(group, online, offline, None), COUNTED) as batches:
        return sum(batch.column("different")[0].as_py() for batch in batches)


def _differences(engine: Engine, group: Group, online: Path, offline: Path) -> Iterator[KeyDifference]:
    with engine.stream(differing(group, online, offline, SHOWN), differing_schema(group)) as batches:
        for row in pa.Table.from_batches(batches, differing_schema(group)).to_pylist(maps_as_pydicts="strict"):
            yield _difference(group, row)


def _difference(group: Group, row: dict[str, Any]) -> KeyDifference:
    names = compared_schema(group).names
    there = ONLINE if row[ONLINE_THERE] else OFFLINE
    both = bool(row[ONLINE_THERE] and row[OFFLINE_THERE])
    shown = [name for name in names if not both or row[ONLINE + name] != row[OFFLINE + name]]
    return KeyDifference(
        key={name: row[there + name] for name in group.primary_key},
        online={name: row[ONLINE + name] for name in shown} if row[ONLINE_THERE] else None,
        offline={name: row[OFFLINE + name] for name in shown} if row[OFFLINE_THERE] else None,
        reason=row[REASON],
    )
