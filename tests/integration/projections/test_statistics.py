"""Statistics of feature groups in Postgres: each record of the offline table is counted once, whatever happened."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pyarrow as pa
import pytest
from psycopg_pool import AsyncConnectionPool
from tests.integration.stack import RunningStack
from tests.unit.projections.rows.things import SCHEMAS, THINGS, delete, record

from headrace_broker.record import Record
from headrace_events.feature_statistics import StatisticsConfig
from headrace_projections.errors import Superseded
from headrace_projections.offline.arrow import table_of
from headrace_projections.offline.delta import GroupTable
from headrace_projections.offline.statistics import MOST_OF_A_LEVEL, StatisticsWindows
from headrace_projections.offline.target import OfflineTarget
from headrace_projections.rows.fit import fit
from headrace_projections.rows.groups import Group
from headrace_projections.statistics.commits import whole_commits
from headrace_projections.statistics.queries import Span, whole, windows
from headrace_projections.statistics.window import Window


@pytest.fixture
def made() -> Group:
    """A group of two partitions on a topic of its own."""
    return replace(
        THINGS, topic_id=uuid4().hex, statistics=StatisticsConfig(columns=("share", "id"), correlations=True)
    )


@pytest.fixture
def target(stack: RunningStack, tmp_path: Any) -> Iterator[OfflineTarget]:
    """An offline store that commits with each tick."""
    with closing(OfflineTarget(tmp_path.as_uri(), stack.postgres_dsn, 0)) as made:
        yield made


def records(first: int, count: int) -> list[Record]:
    return [
        record({"id": f"k{n}", "at": n, "share": n / 4}, n, timestamp=1_000 * n) for n in range(first, first + count)
    ]


def commit(target: OfflineTarget, of: Group, *come: Record) -> None:
    first, _ = of.places
    target.write(of, fit(of, SCHEMAS, come), {first: come[-1].offset + 1})
    assert target.tick() == {}


def told(stack: RunningStack, of: Group, span: Span | None = None) -> tuple[Window | None, list[Window]]:
    """All of it, and each window."""

    async def ask() -> tuple[Window | None, list[Window]]:
        async with AsyncConnectionPool(stack.postgres_dsn, min_size=1, open=False) as pool:
            asked = of.counted, span or Span()
            return await whole(pool, of, list(asked[0]), asked[1]), await windows(pool, of, list(asked[0]), asked[1])

    return asyncio.run(ask())


def share(of: Window | None) -> tuple[Any, ...]:
    assert of is not None
    said = of.features["share"].summary("share")
    return of.rows, of.deletes, said["min"], said["max"], said["mean"], said["distinct"]


def test_each_commit_leaves_a_window_and_any_span_of_them_merges(
    stack: RunningStack, target: OfflineTarget, made: Group
) -> None:
    target.open(made)
    commit(target, made, *records(0, 4))
    commit(target, made, *records(4, 2), delete("k0", 6, 1_800_000_000_000_000))
    together, each = told(stack, made)
    assert [(one.starts, one.ends, one.rows, one.deletes) for one in each] == [
        ((0, 0), (4, 0), 4, 0),
        ((4, 0), (7, 0), 2, 1),
    ]
    assert share(together) == (6, 1, 0.0, 1.25, 0.625, 6)
    assert together is not None
    assert together.comoments is not None
    assert together.comoments.count == 6
    _, late = told(stack, made, Span(since=each[0].last))
    assert [one.starts for one in late] == [(4, 0)]
    early, _ = told(stack, made, Span(until=each[0].last))
    assert share(early) == (4, 0, 0.0, 0.75, 0.375, 4)


def test_what_nobody_came_to_count_is_counted_from_the_table(
    stack: RunningStack, target: OfflineTarget, made: Group, tmp_path: Any
) -> None:
    target.open(made)
    commit(target, made, *records(0, 4))
    first, _ = made.places
    rows = pa.concat_tables([table_of(made, rows) for rows in fit(made, SCHEMAS, records(4, 4)).rows])
    GroupTable(tmp_path.as_uri(), made).append(rows, {first: 8}, {first: 4})
    target.open(made)
    together, each = told(stack, made)
    assert [one.ends for one in each] == [(4, 0), (8, 0)]
    assert share(together) == (8, 0, 0.0, 1.75, 0.875, 8)
    with psycopg.connect(stack.postgres_dsn) as database:
        database.execute("DELETE FROM offline.statistics_windows WHERE topic_id = %s", (made.topic_id,))
    target.open(made)
    again, each = told(stack, made)
    assert [one.ends for one in each] == [(8, 0)]
    assert share(again) == share(together)


def test_of_a_table_that_was_lost_and_is_written_again_each_record_counts_once(
    stack: RunningStack, target: OfflineTarget, made: Group, tmp_path: Any
) -> None:
    target.open(made)
    commit(target, made, *records(0, 4))
    commit(target, made, *records(4, 2))
    again = OfflineTarget((tmp_path / "again").as_uri(), stack.postgres_dsn, 0)
    assert set(again.open(made).values()) == {0}
    assert told(stack, made) == (None, [])
    commit(again, made, *records(0, 3))
    assert share(told(stack, made)[0])[:4] == (3, 0, 0.0, 0.5)
    again.close()


def test_rows_that_are_cleared_away_count_no_more(stack: RunningStack, target: OfflineTarget, made: Group) -> None:
    target.open(made)
    commit(target, made, *records(0, 4))
    commit(target, made, *records(4, 4))
    target.open(replace(made, begins=(6, 0)))
    together, each = told(stack, made)
    assert [(one.starts, one.ends) for one in each] == [((6, 0), (8, 0))]
    assert share(together) == (2, 0, 1.5, 1.75, 1.625, 2)
    target.remove(made)
    assert told(stack, made) == (None, [])


def test_what_is_to_be_counted_otherwise_is_counted_again(
    stack: RunningStack, target: OfflineTarget, made: Group
) -> None:
    target.open(made)
    commit(target, made, *records(0, 4))
    commit(target, made, *records(4, 4))
    bare = replace(made, statistics=replace(made.statistics, histograms=False))
    target.open(bare)
    _, each = told(stack, bare)
    assert [one.ends for one in each] == [(4, 0), (8, 0)]
    other = replace(made, statistics=StatisticsConfig(columns=("at", "share")))
    target.open(other)
    together, each = told(stack, other)
    assert [one.ends for one in each] == [(8, 0)]
    assert share(together) == (8, 0, 0.0, 1.75, 0.875, 8)
    assert each[0].features["at"].nulls == 0
    assert each[0].comoments is None
    commit(target, other, *records(8, 1))
    together, _ = told(stack, other)
    assert share(together) == (9, 0, 0.0, 2.0, 1.0, 9)


def test_windows_follow_each_other_and_old_ones_become_one(
    stack: RunningStack, target: OfflineTarget, made: Group
) -> None:
    with psycopg.connect(stack.postgres_dsn, autocommit=True) as database:
        kept = StatisticsWindows(lambda: database)
        for number in range(MOST_OF_A_LEVEL + 1):
            window = Window.of(made, (number, 0), (number + 1, 0))
            window.take(table_of(made, fit(made, SCHEMAS, records(number, 1)).rows[0]))
            kept.add(made, window, (0, 0))
        with pytest.raises(Superseded):
            kept.add(made, window, (0, 0))
        assert kept.counted(made, (0, 0), (MOST_OF_A_LEVEL + 1, 0)) == (MOST_OF_A_LEVEL + 1, 0)
    together, each = told(stack, made)
    half = MOST_OF_A_LEVEL // 2
    assert [one.rows for one in each] == [half] + [1] * (half + 1)
    count = MOST_OF_A_LEVEL + 1
    assert share(together) == (count, 0, 0.0, (count - 1) / 4, (count - 1) / 8, count)


def test_commits_are_told_together_only_where_they_lie_whole_between_two_times(
    stack: RunningStack, target: OfflineTarget, made: Group
) -> None:
    def counted(since: int | None, until: int, end: int = 30) -> int | None:
        def moment(at: int) -> datetime:
            return datetime.fromtimestamp(at, UTC)

        found = whole_commits(
            stack.postgres_dsn,
            made,
            ["share"],
            since=None if since is None else moment(since),
            until=moment(until),
            ends=(end, 0),
        )
        assert found is None or found.features["share"].numbers == found.rows
        return None if found is None else found.rows

    target.open(made)
    assert counted(None, 99, 0) is None, "nothing is counted"
    for first in (0, 10, 20):
        commit(target, made, *records(first, 10))
    assert counted(None, 99) == 30
    assert counted(9, 19) == 10, "the log took its last record at 19"
    assert counted(8, 19) is None, "a commit lies across the start"
    assert counted(9, 15) is None, "and across the end"
    assert counted(None, 99, 31) is None, "not all is counted that the log had"
    assert counted(29, 99) is None, "there is none"
