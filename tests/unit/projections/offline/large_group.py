"""A group of 50 million rows: `backfill`, `history` or `last`, then STORAGE and how many rows; a process for each.

It prints what was read of it, and the most megabytes the process ever took.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace_events.row_schema import Column
from headrace_projections.offline.arrow import stored_schema
from headrace_projections.offline.delta import GroupTable
from headrace_projections.offline.queries import arrow_stream
from headrace_projections.rows.groups import Group

COLUMNS = {"entity": "bigint", "at": "timestamp", "row": "bigint", "f0": "double", "f1": "double", "name": "string"}
GROUP = Group(
    project="large",
    name="group",
    version=1,
    columns=tuple(Column(name=name, type=kind) for name, kind in COLUMNS.items()),
    primary_key=("entity",),
    event_time="at",
    online=False,
    offline=True,
    ttl_seconds=None,
    subject="group_1",
    topic="large.features.group.1",
    topic_id="group",
    partitions=1,
)
A_COMMIT = 1_000_000
ROWS_EACH = 5
"""Rows of an entity; the last of them all come after those of any other."""
DAYS = 365
_DAY = 86_400_000_000
_TIME = pa.timestamp("us", tz="UTC")


def backfill(storage: str, rows: int) -> dict[str, int]:
    """Write all rows straight into the table, as a backfill does, so many a commit."""
    table, (where,) = GroupTable(storage, GROUP), GROUP.places
    for first in range(0, rows, A_COMMIT):
        end = min(first + A_COMMIT, rows)
        table.append(_rows(first, end, rows), {where: end}, {where: first})
    return {"rows": rows}


def read(storage: str, *, history: bool) -> dict[str, int]:
    """Read the stream as a client does, a batch after the other: how many rows, and what their numbers add up to."""
    found = {"rows": 0, "sum": 0}
    with pa.ipc.open_stream(_Parts(arrow_stream(storage, GROUP, history=history))) as batches:
        for batch in batches:
            found["rows"] += batch.num_rows
            found["sum"] += pc.sum(batch.column("row")).as_py() or 0
    return found


class _Parts(io.RawIOBase):
    """Parts of a stream as a file."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._left = part
        taken = min(len(into), len(self._left))
        into[:taken] = self._left[:taken]
        self._left = self._left[taken:]
        return taken


def _rows(first: int, end: int, total: int) -> pa.Table:
    count, numbers = end - first, np.arange(first, end)
    chance = np.random.default_rng(first)
    times = pa.array(numbers * (DAYS * _DAY // total))
    entities = numbers * 7_919 % (total // ROWS_EACH)
    columns: dict[str, pa.Array] = {
        "entity": pa.array(entities),
        "at": times.cast(_TIME),
        "row": pa.array(numbers),
        "f0": pa.array(chance.normal(size=count)),
        "f1": pa.array(chance.normal(size=count)),
        "name": pc.binary_join_element_wise("entity", pa.array(entities).cast(pa.string()), " "),
        "_offset": pa.array(numbers),
        "_partition": pa.repeat(pa.scalar(0, pa.int32()), count),
        "_known_at": times.cast(_TIME),
        "_operation": pa.repeat("upsert", count),
        "_append_time": times.cast(_TIME),
        "_event_date": pc.divide(times, _DAY).cast(pa.int32()).cast(pa.date32()),
        "_schema_id": pa.repeat(pa.scalar(1, pa.int32()), count),
    }
    schema = stored_schema(GROUP)
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def main(task: str, storage: str, rows: int) -> None:
    """Do it, and print what came of it."""
    found = backfill(storage, rows) if task == "backfill" else read(storage, history=task == "history")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(status.partition("VmHWM:")[2].split()[0]) >> 10
    sys.stdout.write(json.dumps({**found, "peak": peak}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
