"""Feature rows stream while the projections that store them are killed."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import polars as pl
import psycopg
import pytest
from tests.integration.clients import eventually
from tests.integration.faults.killing import SECONDS, kill
from tests.integration.platform import Platform
from tests.integration.row_log import MadeGroup, RowLog, row_log
from tests.integration.stack import RunningStack
from tests.integration.stored_rows import endless_rows, ends, last_values, offline, online, positions

from headrace_broker.admin import Admin
from headrace_broker.record import Record
from headrace_events.feature_group_clearing import ClearFeatureGroup, FeatureGroupCleared
from headrace_events.feature_group_life import DeleteFeatureGroup
from headrace_projections.offline.queries import files_of
from headrace_projections.rows.groups import Group

STORES = ("online", "offline")
AT_ONCE = 100
CLEARING = ("command-processor", "provisioning", *STORES)
"""Who has a part in clearing and deleting a group."""
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
        all_stored(log, made.group)
    assert {key: row[3] for key, row in online(stack, made.group).items()} == last_values(made, rows)
    expect_each_row_once(stack, made, rows)


@pytest.mark.long
def test_a_group_is_cleared_while_rows_come_and_each_process_that_has_a_part_in_it_is_killed(
    platform: Platform, chance: random.Random
) -> None:
    stack = platform.stack
    stack.stack.up(STORES, report=print)
    with row_log(platform) as log:
        made = log.make_group(platform.project())
        with streaming(log, made, endless_rows(2_000, chance.randrange(10**6))) as rows:
            for victim in chance.sample(CLEARING, len(CLEARING)):
                before = len(rows)
                eventually(lambda: len(rows) > before + 1_000 or None, "rows to be written", SECONDS)  # noqa: B023
                due = _begins(log, made) + 1
                clearing = threading.Thread(target=_clear, args=(platform, made))
                clearing.start()
                threading.Event().wait(chance.random())
                kill(stack, victim)
                clearing.join()
                eventually(lambda: _begins(log, made) >= due or None, "the group to be cleared", SECONDS)  # noqa: B023
                print(f"{victim} killed while the group was cleared, behind {before} rows")
        group = log.group_now(made)
        all_stored(log, group)
        counting = [record for record in log.records(made) if record.offset >= group.begins[record.partition]]
    assert 0 < len(counting) < len(rows)
    assert _places(offline(stack.site.storage_url, group)) == sorted((one.partition, one.offset) for one in counting)
    last: dict[bytes | None, Record] = {}
    for record in sorted(counting, key=lambda one: (made.read(one)["at"], one.offset)):
        last[record.key] = record
    assert {key: (row[1], row[3]) for key, row in online(stack, group).items()} == {
        key: (record.offset, (record.value or b"")[5:]) for key, record in last.items()
    }
    tables = Path(url2pathname(urlsplit(stack.site.storage_url).path)) / "offline" / group.project
    assert len(list(tables.rglob("*.parquet"))) == len(files_of(stack.site.storage_url, group))


@pytest.mark.long
def test_groups_are_deleted_while_each_process_that_has_a_part_in_it_is_killed(
    platform: Platform, chance: random.Random
) -> None:
    stack, project = platform.stack, platform.project()
    stack.stack.up(STORES, report=print)
    with row_log(platform) as log:
        groups = {victim: log.make_group(project, f"of_{victim.replace('-', '_')}") for victim in CLEARING}
        kept = log.make_group(project, "kept")
        for made in (*groups.values(), kept):
            log.insert(made, islice(endless_rows(100, chance.randrange(10**6)), 500))
        for victim, made in groups.items():
            deleting = threading.Thread(target=_delete, args=(platform, made))
            deleting.start()
            threading.Event().wait(chance.random())
            kill(stack, victim)
            deleting.join()
        admin, topics = Admin(log.connection), {made.group.topic for made in groups.values()}
        eventually(lambda: topics.isdisjoint(admin.topics_below(f"{project}.")) or None, "their topics to go", SECONDS)
        for store in STORES:
            for made in groups.values():
                eventually(
                    lambda store=store, made=made: positions(stack, store, made.group) == {} or None,  # type: ignore[misc]
                    f"the {store} store to forget {made.group.name}",
                    SECONDS,
                )
        all_stored(log, kept.group)
    assert offline(stack.site.storage_url, kept.group).height == 500
    tables = Path(url2pathname(urlsplit(stack.site.storage_url).path)) / "offline" / project
    assert [table.name for table in tables.iterdir()] == ["kept_1"]
    with psycopg.connect(stack.postgres_dsn) as database:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'online' AND starts_with(tablename, %s)"
        assert database.execute(query, (f"{project}.",)).fetchall() == [(f"{project}.kept.1",)]


def all_stored(log: RowLog, group: Group) -> None:
    """Wait until both stores have all rows of the group."""
    stack, due = log.platform.stack, ends(log, group)
    for store in STORES:
        eventually(
            lambda store=store: positions(stack, store, group) == due or None,  # type: ignore[misc]
            f"all rows of {group.name} in the {store} store",
            SECONDS,
        )


def _clear(platform: Platform, made: MadeGroup) -> None:
    group = made.group
    platform.send(ClearFeatureGroup(project=group.project, name=group.name, version=group.version), "user:ada")


def _delete(platform: Platform, made: MadeGroup) -> None:
    group = made.group
    platform.send(DeleteFeatureGroup(project=group.project, name=group.name, version=group.version), "user:ada")


def _begins(log: RowLog, made: MadeGroup) -> int:
    """How often the group was cleared."""
    return sum(
        isinstance(recorded.event, FeatureGroupCleared) and recorded.event.topic == made.group.topic
        for recorded in log.platform.events()
    )


def _places(rows: pl.DataFrame) -> list[tuple[int, int]]:
    return sorted(rows.select(["_partition", "_offset"]).iter_rows())


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
