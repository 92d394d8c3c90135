"""A group as it was, what changed in it, and its commits, against the slow and obvious way."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.projections.history.offline_rows import group, table
from tests.unit.projections.history.slow_join import Row

from headrace_events.ids import Micros
from headrace_projections.history.changes import changed_rows
from headrace_projections.history.commits import Commit, commits
from headrace_projections.history.errors import Impossible, NotReached, Unavailable
from headrace_projections.history.moment import Moment, check, check_not_before, check_order, moment_of
from headrace_projections.offline.arrow import EVENT_DATE, WRITTEN_WITH, schema_of, stored_schema
from headrace_projections.offline.delta import GroupTable
from headrace_projections.offline.queries import all_rows, arrow_stream, first_known, streamed
from headrace_projections.rows.groups import Group

SECOND = 1_000_000
DAY = 86_400 * SECOND
COLUMNS = {"id": "string", "part": "int", "at": "timestamp", "number": "bigint"}
TIMED = group("orders", COLUMNS, ["id", "part"])
TIMELESS = group(
    "shops", {name: kind for name, kind in COLUMNS.items() if name != "at"}, ["id", "part"], event_time=None
)

Version = tuple[int, int, int]
Identity = tuple[Any, ...]


def append(storage: str, of: Group, rows: Sequence[Row], ends: Mapping[int, int]) -> None:
    """One commit."""
    into = GroupTable(storage, of)
    before = into.positions()
    moved = {where: ends[where.partition] for where in of.places if ends[where.partition] != before[where]}
    data = None
    if rows:
        days = pa.array([row.time // DAY for row in rows], pa.int32()).cast(pa.date32())
        unknown = pa.nulls(len(rows), pa.int32())
        data = table(of, rows).append_column(EVENT_DATE, [days]).append_column(WRITTEN_WITH, unknown)
        data = data.select(stored_schema(of).names).cast(stored_schema(of))
    if moved:
        into.append(data, moved, {where: before[where] for where in moved})


def identity(of: Group, row: Row) -> Identity:
    return (row.values["id"], row.values["part"], row.time if of.event_time else 0)


def version(row: Row) -> Version:
    return (row.known_at, row.offset, row.partition)


def there(rows: Sequence[Row], moment: Moment) -> list[Row]:
    if moment.ends is None:
        assert moment.known_by is not None
        return [row for row in rows if row.known_at <= moment.known_by]
    return [row for row in rows if row.offset < moment.ends.get(row.partition, 0)]


def slow_state(of: Group, rows: Sequence[Row]) -> dict[Identity, Row]:
    """The last version of each row, deletes among them."""
    state: dict[Identity, Row] = {}
    for row in sorted(rows, key=version):
        state[identity(of, row)] = row
    return state


def slow_last(state: Mapping[Identity, Row]) -> set[tuple[int, int]]:
    """Partition and offset of the last row of each key, unless that is a delete."""
    last: dict[Identity, Row] = {}
    for who in sorted(state, key=lambda one: (one[2], version(state[one]))):
        last[who[:2]] = state[who]
    return {(row.partition, row.offset) for row in last.values() if not row.delete}


def slow_changes(of: Group, rows: Sequence[Row], start: Moment, end: Moment) -> list[tuple[str, int, int]]:
    """Operation, partition and offset of each change, in the order of the log."""
    before, after = (slow_state(of, there(rows, moment)) for moment in (start, end))
    changes = []
    for who, row in after.items():
        was = before.get(who)
        if was is None or version(was) != version(row):
            known = "insert" if was is None or was.delete else "update"
            changes.append(("delete" if row.delete else known, row.partition, row.offset))
    return sorted(changes, key=lambda change: change[1:])


def read(storage: str, of: Group, moment: Moment | None, *, history: bool = False) -> list[tuple[int, int]]:
    """Partition and offset of each row."""
    stream = b"".join(arrow_stream(storage, of, history=history, as_of=moment))
    rows = pa.ipc.open_stream(stream).read_all().to_pylist()
    return sorted((row["_partition"], row["_offset"]) for row in rows)


def changes(storage: str, of: Group, start: Moment, end: Moment) -> list[tuple[str, int, int]]:
    found = pa.ipc.open_stream(b"".join(changed_rows(storage, of, start, end))).read_all()
    assert found.schema.equals(schema_of(of))
    return [(row["_operation"], row["_partition"], row["_offset"]) for row in found.to_pylist()]


def counted(told: Commit) -> dict[str, int]:
    return {"insert": told.rows_inserted, "update": told.rows_updated, "delete": told.rows_deleted}


def at(known_by: int) -> Moment:
    return Moment(known_by=Micros(known_by))


@st.composite
def logs(draw: st.DrawFn) -> tuple[Group, list[tuple[list[Row], dict[int, int]]]]:
    """A group, and its commits: each with its rows and where the partitions ended."""
    of = draw(st.sampled_from([TIMED, TIMELESS]))
    ends = {0: 0, 1: 0}
    made = []
    for _ in range(draw(st.integers(0, 4))):
        rows = []
        for _ in range(draw(st.integers(0, 6))):
            partition = draw(st.integers(0, 1))
            known_at = draw(st.integers(0, 6)) * SECOND
            row = Row(
                values={"id": draw(st.sampled_from("ab")), "part": draw(st.integers(0, 1)), "number": ends[partition]},
                time=draw(st.integers(0, 2)) * DAY if of.event_time else known_at,
                known_at=known_at,
                partition=partition,
                offset=ends[partition],
                delete=draw(st.integers(0, 3)) == 0,
            )
            ends[partition] += draw(st.integers(1, 2))
            rows.append(row)
        made.append((rows, dict(ends)))
    return of, made


@given(log=logs(), data=st.data())
@settings(deadline=None, max_examples=settings().max_examples // 8, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.fuzz
def test_the_past_and_what_changed_since_equal_the_slow_ones(
    log: tuple[Group, list[tuple[list[Row], dict[int, int]]]], data: st.DataObject
) -> None:
    of, made = log
    rows = [row for part, _ in made for row in part]
    with tempfile.TemporaryDirectory() as folder:
        storage = Path(folder).as_uri()
        for part, ends in made:
            append(storage, of, part, ends)
        places = [Moment(ends={0: 0, 1: 0}), *(Moment(ends=ends) for _, ends in made)]
        times = [at(second * SECOND) for second in range(-1, 7)]
        for moments in (places, times):
            first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(moments) - 1)] * 2)))
            start, end = moments[first], moments[last]
            state = slow_state(of, there(rows, end))
            assert read(storage, of, end) == sorted(slow_last(state))
            assert read(storage, of, end, history=True) == sorted(
                (row.partition, row.offset) for row in there(rows, end)
            )
            found = changes(storage, of, start, end)
            assert found == slow_changes(of, rows, start, end)
            patched = slow_state(of, there(rows, start))
            by_place = {(row.partition, row.offset): row for row in rows}
            for _, partition, offset in found:
                row = by_place[partition, offset]
                patched[identity(of, row)] = row
            assert slow_last(patched) == slow_last(state)
        told = commits(storage, of, 100)[::-1]
        start = places[0]
        for commit in told:
            end = moment_of(of, ",".join(commit.positions))
            operations = [operation for operation, _, _ in slow_changes(of, rows, start, end)]
            assert counted(commit) == {name: operations.count(name) for name in ("insert", "update", "delete")}
            start = end
        assert commits(storage, of, 2) == told[::-1][:2]


def row(offset: int, *, time: int = 0, known_at: int = 0, delete: bool = False) -> Row:
    values = {"id": "a", "part": 0, "number": offset}
    return Row(values=values, time=time, known_at=known_at, offset=offset, delete=delete)


def test_a_delete_and_what_came_after_it_are_told_apart(tmp_path: Path) -> None:
    storage = tmp_path.as_uri()
    append(storage, TIMED, [row(0), row(1, time=DAY)], {0: 2, 1: 0})
    append(storage, TIMED, [row(2, time=DAY, known_at=1), row(3, known_at=1, delete=True)], {0: 4, 1: 0})
    append(storage, TIMED, [row(4, known_at=2), row(5, known_at=2)], {0: 6, 1: 0})
    assert [counted(commit) for commit in commits(storage, TIMED, 3)] == [
        {"insert": 1, "update": 0, "delete": 0},
        {"insert": 0, "update": 1, "delete": 1},
        {"insert": 2, "update": 0, "delete": 0},
    ]
    assert [counted(commit) for commit in commits(storage, TIMED, 1)] == [{"insert": 1, "update": 0, "delete": 0}]
    assert changes(storage, TIMED, at(0), at(1)) == [("update", 0, 2), ("delete", 0, 3)]
    assert changes(storage, TIMED, at(1), at(2)) == [("insert", 0, 5)]
    assert changes(storage, TIMED, at(0), at(2)) == [("update", 0, 2), ("update", 0, 5)]
    (last, *_) = commits(storage, TIMED, 1)
    assert last.positions == ("id-of-orders:0:6", "id-of-orders:1:0")
    assert (datetime.now(UTC) - last.time).total_seconds() < 3_600


@pytest.mark.parametrize(
    "key", [("number", "version"), ("partition", "start"), ("was", "gone"), ("bounds", "there"), ("lasts", "rows")]
)
def test_commits_are_counted_whatever_the_columns_are_called(tmp_path: Path, key: tuple[str, str]) -> None:
    of = group("orders", dict.fromkeys(key, "int") | {"at": "timestamp"}, key)
    for offset in range(2):
        made = Row(values=dict.fromkeys(key, 1), time=0, known_at=offset, offset=offset)
        append(tmp_path.as_uri(), of, [made], {0: offset + 1, 1: 0})
    assert [counted(commit) for commit in commits(tmp_path.as_uri(), of, 3)] == [
        {"insert": 0, "update": 1, "delete": 0},
        {"insert": 1, "update": 0, "delete": 0},
    ]


def test_a_group_without_a_table_has_no_past(tmp_path: Path) -> None:
    storage = tmp_path.as_uri()
    assert read(storage, TIMED, at(0)) == []
    assert changes(storage, TIMED, at(0), at(1)) == []
    assert commits(storage, TIMED, 5) == []
    assert first_known(storage, TIMED) is None


def test_a_table_whose_log_was_cut_tells_the_commits_that_are_left(tmp_path: Path) -> None:
    storage = tmp_path.as_uri()
    log = tmp_path / "offline" / "shop" / "orders_1" / "_delta_log"
    for number in range(4):
        append(storage, TIMED, [row(number, known_at=number)], {0: number + 1, 1: 0})
        if number == 1:
            GroupTable(storage, TIMED)._table.create_checkpoint()
    whole = commits(storage, TIMED, 10)
    for version_of_commit in range(3):
        (log / f"{version_of_commit:020d}.json").unlink()
    assert commits(storage, TIMED, 10) == whole[:2]
    GroupTable(storage, TIMED)._table.create_checkpoint()
    (log / f"{2:020d}.checkpoint.parquet").unlink()
    assert commits(storage, TIMED, 10) == []


def test_who_was_told_of_files_that_were_cleared_away_meanwhile_reads_those_that_are_there(tmp_path: Path) -> None:
    storage = tmp_path.as_uri()
    append(storage, TIMED, [row(0), row(1)], {0: 2, 1: 0})
    asked: list[Sequence[str]] = []

    def query(files: Sequence[str]) -> str:
        asked.append(files)
        GroupTable(storage, replace(TIMED, begins=(1, 0))).clear()
        return all_rows(TIMED, files)

    stream = b"".join(streamed(storage, TIMED, query))
    assert [found["_offset"] for found in pa.ipc.open_stream(stream).read_all().to_pylist()] == [1]
    assert len(asked) == 2
    assert set(asked[0]).isdisjoint(asked[1])


def test_a_file_that_the_table_has_and_storage_has_not_is_unavailable(tmp_path: Path) -> None:
    storage = tmp_path.as_uri()
    append(storage, TIMED, [row(0)], {0: 1, 1: 0})
    for file in tmp_path.rglob("*.parquet"):
        file.unlink()
    for reads in (lambda: read(storage, TIMED, None), lambda: first_known(storage, TIMED)):
        with pytest.raises(Unavailable, match="cannot be read"):
            reads()


def test_a_log_that_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    storage = tmp_path.as_uri()
    append(storage, TIMED, [row(0)], {0: 1, 1: 0})
    log = tmp_path / "offline" / "shop" / "orders_1" / "_delta_log"
    (log / f"{1:020d}.json").write_bytes(b"{torn")
    with pytest.raises(Unavailable, match="cannot be read"):
        commits(storage, TIMED, 1)
    with pytest.raises(Unavailable, match="'orders' cannot be read"):
        read(storage, TIMED, None)


def test_a_moment_is_a_time_or_positions() -> None:
    assert moment_of(TIMED, "1970-01-01T00:00:02") == at(2 * SECOND)
    assert moment_of(TIMED, "1970-01-01T02:00:02+02:00") == at(2 * SECOND)
    assert moment_of(TIMED, "id-of-orders:0:3, id-of-orders:1:0") == Moment(ends={0: 3, 1: 0})


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("", "invalid-moment", "is no moment"),
        ("yesterday", "invalid-moment", "'yesterday' is no moment"),
        ("id-of-orders:0:3,2013-01-01", "invalid-moment", "is no moment"),
        ("id-of-orders:0:3", "invalid-question", "say nothing of partition 1 of 'orders'"),
        ("id-of-shops:0:3,id-of-shops:1:3", "invalid-question", "say nothing of partition 0, 1 of 'orders'"),
        ("id-of-orders:0:3,id-of-orders:1:0,id-of-shops:0:3", "invalid-question", "feeds no group that is read"),
    ],
)
def test_what_is_no_moment_of_the_group_is_refused_with_the_reason(text: str, code: str, reason: str) -> None:
    with pytest.raises(Impossible, match=reason) as refused:
        moment_of(TIMED, text)
    assert refused.value.code == code


def test_a_moment_that_the_group_has_not_seen_is_refused() -> None:
    now = datetime(2013, 1, 1, tzinfo=UTC)
    micros = int(now.timestamp()) * SECOND
    check(TIMED, [at(micros), Moment(ends={0: 2, 1: 0})], now=now, reached={0: 2, 1: 0})
    with pytest.raises(Impossible, match=r"2013-01-01T00:00:00\.000001\+00:00 is still to come"):
        check(TIMED, [at(micros + 1)], now=now, reached={})
    with pytest.raises(NotReached, match="partition 0 of 'orders' up to offset 2, not 3"):
        check(TIMED, [Moment(ends={0: 3, 1: 0})], now=now, reached={0: 2, 1: 0})
    check_not_before(TIMED, at(micros), now, lambda: None)
    check_not_before(TIMED, at(micros - 5), now, lambda: Micros(micros - 5))
    check_not_before(TIMED, Moment(ends={0: 0, 1: 0}), now, lambda: None)
    nothing, later = (lambda: None), (lambda: Micros(micros - 4))
    for first in (nothing, later):
        with pytest.raises(Impossible, match="was made at 2013-01-01"):
            check_not_before(TIMED, at(micros - 5), now, first)


def test_changes_run_forward_between_moments_of_one_kind() -> None:
    check_order(at(1), at(1))
    check_order(Moment(ends={0: 1, 1: 2}), Moment(ends={0: 1, 1: 3}))
    with pytest.raises(Impossible, match="the start lies after the end"):
        check_order(at(2), at(1))
    with pytest.raises(Impossible, match="in partition 1 the start lies after the end"):
        check_order(Moment(ends={0: 1, 1: 2}), Moment(ends={0: 9, 1: 1}))
    with pytest.raises(Impossible, match="both times or both positions"):
        check_order(at(2), Moment(ends={0: 9, 1: 1}))
