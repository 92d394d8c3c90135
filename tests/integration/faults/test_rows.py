"""Feature rows stream while the projections that store them are killed."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import polars as pl
import pytest
from tests.integration.clients import eventually
from tests.integration.faults.killing import SECONDS, kill
from tests.integration.platform import Platform
from tests.integration.row_log import MadeGroup, RowLog, row_log
from tests.integration.stack import RunningStack
from tests.integration.stored_rows import endless_rows, ends, last_values, offline, online, positions

STORES = ("online", "offline")
AT_ONCE = 100
EVERY_S = 0.1
"""Rows come in hundreds, ten times a second."""


def test_each_store_of_rows_is_killed_once(platform: Platform, chance: random.Random) -> None:
    survive(platform, chance.sample(STORES, 2), chance)


@pytest.mark.long
@pytest.mark.parametrize("store", STORES)
def test_a_store_of_rows_is_killed_again_and_again(platform: Platform, chance: random.Random, store: str) -> None:
    survive(platform, [store] * 6, chance)


def survive(platform: Platform, victims: Sequence[str], chance: random.Random) -> None:
    """Kill them in this order; then both stores hold what was written, the offline one each row exactly once."""
    stack = platform.stack
    stack.stack.up(STORES, report=print)
    with row_log(platform) as log:
        made = log.make_group(platform.project())
        with streaming(log, made, endless_rows(2_000, chance.randrange(10**6))) as rows:
            for victim in victims:
                due = sum(positions(stack, victim, made.group).values()) + chance.randrange(1, 4_000)
                eventually(lambda due=due, store=victim: _reached(stack, store, made, due), "rows to arrive", SECONDS)  # type: ignore[misc]
                kill(stack, victim)
                print(f"{victim} killed after {len(rows)} rows written, {due} of them stored")
        due_ends = ends(log, made.group)
        for store in STORES:
            eventually(
                lambda store=store: True if positions(stack, store, made.group) == due_ends else None,  # type: ignore[misc]
                f"all rows in the {store} store",
                SECONDS,
            )
    assert {key: row[3] for key, row in online(stack, made.group).items()} == last_values(made, rows)
    expect_each_row_once(stack, made, rows)


@contextmanager
def streaming(log: RowLog, made: MadeGroup, rows: Iterator[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    """Write rows for the length of the block; gives those that the brokers have."""
    stop = threading.Event()
    written: list[dict[str, Any]] = []
    failures: list[BaseException] = []

    def write() -> None:
        try:
            while not stop.wait(EVERY_S):
                some = list(islice(rows, AT_ONCE))
                log.insert(made, some)
                written.extend(some)
        except BaseException as error:
            failures.append(error)
            raise

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield written
    finally:
        stop.set()
        writer.join(60)
    assert not failures


def _reached(stack: RunningStack, store: str, made: MadeGroup, count: int) -> bool | None:
    return True if sum(positions(stack, store, made.group).values()) >= count else None


def expect_each_row_once(stack: RunningStack, made: MadeGroup, rows: Sequence[dict[str, Any]]) -> None:
    """Hold the offline history against what was written."""
    history = offline(stack.site.storage_url, made.group).sort("number")
    assert history["number"].to_list() == [row["number"] for row in rows]
    assert history["share"].to_list() == pl.DataFrame(rows)["share"].to_list()
    assert history.select(["_partition", "_offset"]).is_duplicated().sum() == 0
