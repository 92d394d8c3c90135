"""The point-in-time join: examples of one group with what three others say of their entity, from the offline tables.

Rows are written straight into the tables, as a backfill does. The join runs in a process of its own, so that its memory
can be told: `python -m headrace_bench.joining STORAGE`.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

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
from headrace_projections.offline.arrow import schema_of
from headrace_projections.offline.delta import GroupTable
from headrace_projections.rows.groups import Group

LABELS = 1_000_000
ROWS = 5_000_000
GROUPS = 3
ENTITIES = 100_000
FEATURES = 4
DAYS = 90
COMMITS = 9
JOIN = Goal(p50=20)
MEMORY = Goal(p50=4_096)

_BEGIN = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_DAY = 86_400_000_000
_TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one way through the join took."""

    seconds: float
    rows: int


def figures() -> Iterator[Figure]:
    """Fill tables below a folder of its own, then join in another process."""
    with TemporaryDirectory(prefix="headrace-bench-") as folder:
        storage = Path(folder).as_uri()
        fill(storage)
        told = subprocess.run(
            [sys.executable, "-m", "headrace_bench.joining", storage], stdout=subprocess.PIPE, check=True
        )
    found = json.loads(told.stdout)
    if found["rows"] != LABELS:
        raise AssertionError(f"{found['rows']} examples of {LABELS}")
    what = f"{LABELS:,} examples with {GROUPS} groups of {ROWS:,} rows"
    yield Figure(what=f"point-in-time join: {what}", unit="s", p50=found["join"], goal=JOIN)
    yield Figure(what=f"the same with what was known at the time: {what}", unit="s", p50=found["known"])
    yield Figure(what=f"the same, hashed and written as Parquet: {what}", unit="s", p50=found["made"])
    yield Figure(what="memory of the process that joins (peak)", unit="MiB", p50=found["peak_mib"], goal=MEMORY)


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


def fill(storage: str) -> None:
    """Write all rows, in the order of their event times, in commits of some days each."""
    for seed, group in enumerate(groups()):
        chance = np.random.default_rng(seed)
        total = LABELS if group.name == "labels" else ROWS
        times = np.sort(chance.integers(0, DAYS * _DAY, total)) + _BEGIN
        table = GroupTable(storage, group)
        for part in np.array_split(np.arange(total), COMMITS):
            (where,) = group.places
            before = table.positions()
            table.append(_rows(group, chance, part, times[part]), {where: int(part[-1]) + 1}, before)


def join(storage: str) -> dict[str, float]:
    """What it takes, seconds and MiB."""
    plain, known = (_history(storage, known_at=known_at) for known_at in (False, True))
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


def _history(storage: str, *, known_at: bool) -> ViewHistory:
    found = [history_of(storage, group, {0: LABELS if group.name == "labels" else ROWS}) for group in groups()]
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


def _rows(group: Group, chance: np.random.Generator, offsets: np.ndarray, times: np.ndarray) -> pa.Table:
    """Rows whose known-at is up to an hour after their event time."""
    count = len(offsets)
    known = pa.array(times + chance.integers(0, 3_600_000_000, count)).cast(_TIME)
    columns: dict[str, pa.Array] = {
        "id": pa.array(offsets),
        "at": pa.array(times).cast(_TIME),
        "entity": pa.array(chance.integers(0, ENTITIES, count)),
        "label": pa.array(chance.random(count) < 0.1),
        **{f"f{number}": pa.array(chance.normal(size=count)) for number in range(FEATURES)},
        "_offset": pa.array(offsets),
        "_partition": pa.array(np.zeros(count, np.int32)),
        "_known_at": known,
        "_operation": pa.array(["upsert"]).take(pa.array(np.zeros(count, np.int64))),
        "_append_time": known,
        "_event_date": pa.array((times // _DAY).astype(np.int32)).cast(pa.date32()),
    }
    schema = schema_of(group)
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


if __name__ == "__main__":
    json.dump(join(sys.argv[1]), sys.stdout)
