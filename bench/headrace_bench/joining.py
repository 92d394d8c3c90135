"""The point-in-time join: examples of one group with what three others say of their entity, from the offline tables.

Rows are written straight into the tables, as a backfill does. The join runs in a process of its own, so that its memory
can be told: `python -m headrace_bench.joining STORAGE LABELS`.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from headrace_bench.measure import Figure, Goal
from headrace_events.feature_view import FeatureViewCreated, GroupSelection, Join, KeyPair
from headrace_events.ids import Micros
from headrace_events.row_schema import Column
from headrace_events.training_dataset import Split
from headrace_processors.training.making import make
from headrace_projections.history.engine import Engine
from headrace_projections.history.point_in_time import training_rows
from headrace_projections.history.tables import history_of
from headrace_projections.history.view import ViewHistory
from headrace_projections.offline.arrow import stored_schema
from headrace_projections.offline.delta import GroupTable
from headrace_projections.rows.groups import Group

GROUPS = 3
FEATURES = 4
DAYS = 90
COMMITS = 9
JOIN = Goal(p50=20)
MEMORY = Goal(p50=4_096)

_BEGIN = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_DAY = 86_400_000_000
_TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Size:
    """How many examples, rows of each joined group, and entities that they are of."""

    labels: int
    rows: int
    entities: int

    def __str__(self) -> str:
        return f"{self.labels:,} examples with {GROUPS} groups of {self.rows:,} rows"

    def of(self, group: Group) -> int:
        """How many rows that group has."""
        return self.labels if group.name == "labels" else self.rows


LARGE = Size(1_000_000, 5_000_000, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one way through the join took."""

    seconds: float
    rows: int


def figures() -> Iterator[Figure]:
    """Fill tables below a folder of its own, then join in another process."""
    with TemporaryDirectory(prefix="headrace-bench-") as folder:
        storage = Path(folder).as_uri()
        fill(storage, LARGE)
        found = joined_apart(storage, LARGE)
    yield Figure(what=f"point-in-time join: {LARGE}", unit="s", p50=found["join"], goal=JOIN)
    yield Figure(what=f"the same with what was known at the time: {LARGE}", unit="s", p50=found["known"])
    yield Figure(what=f"the same, hashed and written as Parquet: {LARGE}", unit="s", p50=found["made"])
    yield Figure(what="memory of the process that joins (peak)", unit="MiB", p50=found["peak_mib"], goal=MEMORY)


def joined_apart(storage: str, size: Size) -> dict[str, float]:
    """What the joins take in a process of their own, seconds and MiB."""
    command = [sys.executable, "-m", "headrace_bench.joining", storage, *map(str, astuple(size))]
    found: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    if found["rows"] != size.labels:
        raise AssertionError(f"{found['rows']} examples of {size.labels}")
    return found


def view(*, known_at: bool) -> FeatureViewCreated:
    """The view of all four groups."""
    features = tuple(f"f{number}" for number in range(FEATURES))
    return FeatureViewCreated(
        name="joined",
        version=1,
        description="",
        root=GroupSelection(group="labels", version=1, features=("label",)),
        joins=tuple(
            Join(
                selection=GroupSelection(group=f"g{number}", version=1, features=features, prefix=f"g{number}_"),
                on=(KeyPair(left="entity", right="entity"),),
            )
            for number in range(GROUPS)
        ),
        labels=("label",),
        known_at=known_at,
    )


def groups() -> list[Group]:
    """The root, whose rows are the examples, and the joined ones."""
    numbers = {f"f{number}": "double" for number in range(FEATURES)}
    labels = _group("labels", {"id": "bigint", "at": "timestamp", "entity": "bigint", "label": "boolean"}, "id")
    joined = {"entity": "bigint", "at": "timestamp", **numbers}
    return [labels, *(_group(f"g{number}", joined, "entity") for number in range(GROUPS))]


def fill(storage: str, size: Size, beside: Path | None = None) -> None:
    """Write all rows, in the order of their event times, in commits of some days each.

    With `beside`, what people have of them is written there too, into a Parquet file a group.
    """
    for seed, group in enumerate(groups()):
        chance = np.random.default_rng(seed)
        total = size.of(group)
        times = np.sort(chance.integers(0, DAYS * _DAY, total)) + _BEGIN
        table = GroupTable(storage, group)
        with ExitStack() as opened:
            writer: pq.ParquetWriter | None = None
            for part in np.array_split(np.arange(total), COMMITS):
                (where,) = group.places
                before = table.positions()
                rows = _rows(group, chance, part, times[part], size.entities)
                table.append(rows, {where: int(part[-1]) + 1}, before)
                if beside is not None:
                    theirs = _as_given(group, rows)
                    writer = writer or opened.enter_context(
                        pq.ParquetWriter(beside / f"{group.name}.parquet", theirs.schema)
                    )
                    writer.write_table(theirs)


def _as_given(group: Group, rows: pa.Table) -> pa.Table:
    """The group's own columns, and when each row became known."""
    names = [column.name for column in group.columns]
    return rows.select([*names, "_known_at"]).rename_columns([*names, "known"])


def join(storage: str, size: Size) -> dict[str, float]:
    """What it takes, seconds and MiB."""
    plain, known = (_history(storage, size, known_at=known_at) for known_at in (False, True))
    end = Micros(_BEGIN + DAYS * _DAY)
    joined, seen = _joined(plain, end), _joined(known, end)
    began = time.perf_counter()
    splits = [Split(name="train", start=Micros(_BEGIN), end=end)]
    make(plain, splits, "parquet", engine=Engine(), store=lambda path: path.name)
    return {
        "join": joined.seconds,
        "known": seen.seconds,
        "made": time.perf_counter() - began,
        "rows": joined.rows,
        "peak_mib": _peak_mib(),
    }


def _peak_mib() -> float:
    """The most that this program ever took; what getrusage says begins with what its parent took."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _joined(history: ViewHistory, end: Micros) -> Took:
    began = time.perf_counter()
    with training_rows(history, Micros(_BEGIN), end, Engine()) as batches:
        rows = sum(batch.num_rows for batch in batches)
    return Took(seconds=time.perf_counter() - began, rows=rows)


def _history(storage: str, size: Size, *, known_at: bool) -> ViewHistory:
    found = [history_of(storage, group, {0: size.of(group)}) for group in groups()]
    root, *joined = [history for history in found if history is not None]
    return ViewHistory(view=view(known_at=known_at), root=root, joined=tuple(joined))


def _group(name: str, columns: dict[str, str], key: str) -> Group:
    return Group(
        project="bench",
        name=name,
        version=1,
        columns=tuple(Column(name=column, type=kind) for column, kind in columns.items()),
        primary_key=(key,),
        event_time="at",
        online=False,
        offline=True,
        ttl_seconds=None,
        subject=f"{name}_1",
        topic=f"bench.features.{name}.1",
        topic_id=name,
        partitions=1,
    )


def _rows(group: Group, chance: np.random.Generator, offsets: np.ndarray, times: np.ndarray, entities: int) -> pa.Table:
    """Rows whose known-at is up to an hour after their event time."""
    count = len(offsets)
    known = pa.array(times + chance.integers(0, 3_600_000_000, count)).cast(_TIME)
    columns: dict[str, pa.Array] = {
        "id": pa.array(offsets),
        "at": pa.array(times).cast(_TIME),
        "entity": pa.array(chance.integers(0, entities, count)),
        "label": pa.array(chance.random(count) < 0.1),
        **{f"f{number}": pa.array(chance.normal(size=count)) for number in range(FEATURES)},
        "_offset": pa.array(offsets),
        "_partition": pa.array(np.zeros(count, np.int32)),
        "_known_at": known,
        "_operation": pa.array(["upsert"]).take(pa.array(np.zeros(count, np.int64))),
        "_append_time": known,
        "_event_date": pa.array((times // _DAY).astype(np.int32)).cast(pa.date32()),
        "_schema_id": pa.array(np.ones(count, np.int32)),
    }
    schema = stored_schema(group)
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


if __name__ == "__main__":
    json.dump(join(sys.argv[1], Size(*map(int, sys.argv[2:]))), sys.stdout)
