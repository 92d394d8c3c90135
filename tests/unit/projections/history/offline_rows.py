"""Rows of feature groups in the layout of the offline tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from tests.unit.projections.history.slow_join import Row

from headrace_events.row_schema import Column
from headrace_projections.offline.arrow import TYPES
from headrace_projections.rows.groups import Group

MICROS = pa.timestamp("us", tz="UTC")


def group(
    name: str,
    columns: dict[str, str],
    primary_key: Sequence[str],
    *,
    event_time: str | None = "at",
    ttl_seconds: int | None = None,
) -> Group:
    return Group(
        project="shop",
        name=name,
        version=1,
        columns=tuple(Column(name=column, type=kind) for column, kind in columns.items()),
        primary_key=tuple(primary_key),
        event_time=event_time,
        online=True,
        offline=True,
        ttl_seconds=ttl_seconds,
        subject=f"{name}_1",
        topic=f"shop.features.{name}.1",
        topic_id=f"id-of-{name}",
        partitions=2,
    )


def table(of: Group, rows: Sequence[Row]) -> pa.Table:
    columns = {
        column.name: pa.array([row.values.get(column.name) for row in rows], TYPES[column.type])
        for column in of.columns
    }
    if of.event_time is not None:
        columns[of.event_time] = pa.array([row.time for row in rows], MICROS)
    return pa.table(
        columns
        | {
            "_partition": pa.array([row.partition for row in rows], pa.int32()),
            "_offset": pa.array([row.offset for row in rows], pa.int64()),
            "_known_at": pa.array([row.known_at for row in rows], MICROS),
            "_operation": pa.array(["delete" if row.delete else "upsert" for row in rows], pa.string()),
            "_append_time": pa.array([row.known_at for row in rows], MICROS),
        }
    )


def write(path: Path, of: Group, rows: Sequence[Row]) -> str:
    pq.write_table(table(of, rows), path)
    return str(path)
