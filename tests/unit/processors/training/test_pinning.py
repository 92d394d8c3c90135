"""What a training dataset is made of is fixed by positions."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.unit.projections.history.offline_rows import group

from headrace_broker.follower import Partition
from headrace_processors.training.pinning import pin, pinned_histories
from headrace_projections.history.errors import Impossible

ORDERS = group("orders", {"id": "bigint", "at": "timestamp", "shop": "string"}, ["id"])
SHOPS = group("shops", {"shop": "string", "at": "timestamp"}, ["shop"])
ENDS = {"id-of-orders": {0: 10, 1: 20}, "id-of-shops": {0: 0, 1: 5}}


def end(where: Partition) -> int:
    return ENDS[where.topic_id][where.partition]


def test_without_positions_it_is_what_the_topics_hold_now() -> None:
    assert pin([ORDERS, SHOPS], [], end) == ENDS


def test_given_positions_are_taken_as_they_are() -> None:
    positions = ["id-of-orders:0:10", "id-of-orders:1:0", "id-of-shops:0:0", "id-of-shops:1:4"]
    assert pin([ORDERS, SHOPS], positions, end) == {"id-of-orders": {0: 10, 1: 0}, "id-of-shops": {0: 0, 1: 4}}


def test_positions_that_the_log_has_not_reached_are_refused() -> None:
    with pytest.raises(
        Impossible, match=r"id-of-orders:1:21 lies beyond the end of the topic of 'orders', which is 20"
    ):
        pin([ORDERS], ["id-of-orders:0:10", "id-of-orders:1:21"], end)


def test_a_group_that_is_kept_online_only_is_refused() -> None:
    online = dataclasses.replace(SHOPS, offline=False)
    with pytest.raises(Impossible, match="'shops' version 1 is kept online only"):
        pin([ORDERS, online], [], end)


def test_the_history_is_there_once_every_offline_table_has_taken_the_rows(tmp_path: Path) -> None:
    empty = {"id-of-orders": {0: 0, 1: 0}, "id-of-shops": {0: 0, 1: 0}}
    assert pinned_histories(tmp_path.as_uri(), [ORDERS, SHOPS], ENDS) is None
    assert pinned_histories(tmp_path.as_uri(), [ORDERS, SHOPS], empty | {"id-of-shops": {0: 1, 1: 0}}) is None
    found = pinned_histories(tmp_path.as_uri(), [ORDERS, SHOPS], empty)
    assert found is not None
    assert {topic_id: history.group for topic_id, history in found.items()} == {
        "id-of-orders": ORDERS,
        "id-of-shops": SHOPS,
    }


def test_positions_before_the_line_of_a_cleared_group_are_refused() -> None:
    cleared = dataclasses.replace(ORDERS, begins=(10, 7))
    assert pin([cleared], ["id-of-orders:0:10", "id-of-orders:1:7"], end) == {"id-of-orders": {0: 10, 1: 7}}
    with pytest.raises(Impossible, match="cleared up to position id-of-orders:1:7: rows before it are gone"):
        pin([cleared], ["id-of-orders:0:10", "id-of-orders:1:6"], end)
