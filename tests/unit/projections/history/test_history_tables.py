"""Positions that pin a join, and the offline tables that must have reached them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from tests.unit.projections.history.offline_rows import group, table
from tests.unit.projections.history.slow_join import Row

from headrace_events.feature_view import FeatureViewCreated, GroupSelection
from headrace_events.ids import Micros
from headrace_projections.history.errors import Impossible, Unavailable
from headrace_projections.history.hashing import DatasetHash
from headrace_projections.history.point_in_time import training_rows
from headrace_projections.history.positions import Ends, ends_of, written
from headrace_projections.history.tables import history_of
from headrace_projections.history.view import ViewHistory
from headrace_projections.offline.arrow import EVENT_DATE

ORDERS = group("orders", {"id": "bigint", "at": "timestamp", "amount": "double"}, ["id"])
SHOPS = group("shops", {"shop": "string", "at": "timestamp"}, ["shop"])
DAY = 86_400_000_000


def rows(first: int, last: int, partition: int = 0, known_at: int = 0) -> list[Row]:
    return [
        Row(
            values={"id": number % 5, "amount": number / 10},
            time=number * DAY // 2,
            known_at=known_at,
            offset=number,
            partition=partition,
        )
        for number in range(first, last)
    ]


def append(storage: Path, made: Sequence[Row], ends: Ends) -> None:
    data = table(ORDERS, made)
    days = [row.time // DAY for row in made]
    data = data.append_column(EVENT_DATE, [_dates(days)])
    transactions = [Transaction(f"{ORDERS.topic_id}:{partition}", end) for partition, end in ends.items()]
    folder = storage / "offline" / "shop" / "orders_1"
    folder.mkdir(parents=True, exist_ok=True)
    write_deltalake(
        folder,
        data,
        mode="append",
        partition_by=[EVENT_DATE],
        commit_properties=CommitProperties(app_transactions=transactions),
    )


def _dates(days: Sequence[int]) -> object:
    import pyarrow as pa

    return pa.array(days, pa.int32()).cast(pa.date32())


def hash_at(storage: Path, ends: Ends, start: int = 0, end: int = 100 * DAY) -> str:
    history = history_of(storage.as_uri(), ORDERS, ends)
    assert history is not None
    view = FeatureViewCreated(
        name="orders",
        version=1,
        description="",
        root=GroupSelection(group="orders", version=1, features=("amount",)),
        joins=(),
        labels=(),
    )
    whole = ViewHistory(view=view, root=history)
    made = DatasetHash(whole.schema())
    with training_rows(whole, Micros(start), Micros(end)) as batches:
        for _ in made.split("all", batches):
            pass
    return made.hexdigest()


def test_positions_are_written_and_read_back() -> None:
    ends: dict[str, Ends] = {"id-of-shops": {1: 7, 0: 12}, "id-of-orders": {0: 0, 1: 3}}
    positions = written(ends)
    assert positions == ("id-of-orders:0:0", "id-of-orders:1:3", "id-of-shops:0:12", "id-of-shops:1:7")
    assert ends_of([SHOPS, ORDERS], positions) == ends


@pytest.mark.parametrize(
    ("positions", "reason"),
    [
        (["id-of-orders:0:1"], "say nothing of partition 1 of 'orders'"),
        (["id-of-orders:0:1", "id-of-orders:1:1", "other:0:1"], "other:0, which feeds no group"),
        (["id-of-orders:0:1", "id-of-orders:1:1", "id-of-orders:2:1"], "id-of-orders:2, which feeds no group"),
        (["id-of-orders:0:1", "id-of-orders:0:2", "id-of-orders:1:1"], "partition 0 of topic id-of-orders twice"),
        (["yesterday"], "'yesterday' is no position"),
        (["id-of-orders:0:-1", "id-of-orders:1:1"], "count from 0"),
    ],
)
def test_positions_that_do_not_fit_are_refused_with_the_reason(positions: list[str], reason: str) -> None:
    with pytest.raises(Impossible, match=reason):
        ends_of([ORDERS], positions)


def test_a_table_that_has_not_reached_the_position_is_waited_for(tmp_path: Path) -> None:
    assert history_of(tmp_path.as_uri(), ORDERS, {0: 1, 1: 0}) is None
    append(tmp_path, rows(0, 5), {0: 5})
    assert history_of(tmp_path.as_uri(), ORDERS, {0: 6, 1: 0}) is None
    assert history_of(tmp_path.as_uri(), ORDERS, {0: 5, 1: 1}) is None
    assert history_of(tmp_path.as_uri(), ORDERS, {0: 5, 1: 0}) is not None


def test_an_empty_topic_needs_no_table(tmp_path: Path) -> None:
    history = history_of(tmp_path.as_uri(), ORDERS, {0: 0, 1: 0})
    assert history is not None
    assert history.files == ()


def test_files_are_chosen_by_the_day_of_their_rows(tmp_path: Path) -> None:
    append(tmp_path, rows(0, 8), {0: 8})
    history = history_of(tmp_path.as_uri(), ORDERS, {0: 8, 1: 0})
    assert history is not None
    assert len(history.files) == 4
    assert all(Path(file.path).is_file() for file in history.files)
    assert len(history.between(DAY, 3 * DAY - 1)) == 2


def test_a_table_in_a_folder_with_an_odd_name_is_read(tmp_path: Path) -> None:
    odd = tmp_path / "a b ü"
    append(odd, rows(0, 8), {0: 8})
    assert hash_at(odd, {0: 8}) == hash_at(odd, {0: 8})


def test_later_rows_corrections_and_compaction_change_nothing_before_the_position(tmp_path: Path) -> None:
    append(tmp_path, rows(0, 20), {0: 20})
    append(tmp_path, rows(0, 3, partition=1), {1: 3})
    before = hash_at(tmp_path, {0: 20, 1: 3})
    append(tmp_path, rows(20, 60), {0: 60})
    append(tmp_path, [Row(values={"id": 1, "amount": 9.0}, time=DAY // 2, known_at=9, offset=60)], {0: 61})
    assert hash_at(tmp_path, {0: 20, 1: 3}) == before
    delta = DeltaTable(tmp_path / "offline" / "shop" / "orders_1")
    delta.optimize.compact()
    delta.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    assert hash_at(tmp_path, {0: 20, 1: 3}) == before
    assert hash_at(tmp_path, {0: 61, 1: 3}) != before
    assert hash_at(tmp_path, {0: 20, 1: 3}, end=8 * DAY) != before


def test_a_table_that_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    log = tmp_path / "offline" / "shop" / "orders_1" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json").write_text("no delta log")
    with pytest.raises(Unavailable, match="offline table of 'orders' cannot be read"):
        history_of(tmp_path.as_uri(), ORDERS, {0: 1})
