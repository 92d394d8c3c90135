"""Rows from the log into the online and the offline store, on real servers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from tests.integration.clients import connection, eventually
from tests.integration.platform import Platform
from tests.integration.row_log import MadeGroup, RowLog, row_log, steps_until
from tests.integration.stack import RunningStack
from tests.integration.stored_rows import ends, last_values, offline, online, positions, rows_of
from tests.unit.projections.rows.things import SCHEMAS, THINGS, delete, group, record

from headrace_broker.admin import Admin
from headrace_broker.dead_letters import dead_letter_id
from headrace_broker.follower import LEAVING_MS, Follower, Partition
from headrace_broker.monitoring import Monitor
from headrace_broker.record import Record
from headrace_events.feature_group_life import DeleteFeatureGroup
from headrace_events.project import DeleteProject, ProjectDeleted
from headrace_projections.errors import Superseded
from headrace_projections.holding import holding
from headrace_projections.offline.target import OfflineTarget
from headrace_projections.online.tables import table
from headrace_projections.online.target import OnlineTarget
from headrace_projections.rows.fit import fit
from headrace_projections.rows.groups import Group
from headrace_projections.rows.measures import Measures
from headrace_projections.rows.runner import RowRunner
from headrace_projections.rows.target import Target
from headrace_schemas.framing import frame


@pytest.fixture(scope="module")
def log(platform: Platform) -> Iterator[RowLog]:
    with row_log(platform) as opened:
        yield opened


@pytest.fixture
def storage(tmp_path: Path) -> str:
    return tmp_path.as_uri()


@contextmanager
def running(stack: RunningStack, target: Target, patience: float = 60.0) -> Iterator[RowRunner]:
    measures = Measures.of(Monitor(target.name, None))
    runner = RowRunner(connection(stack, target.name), target, measures, patience)
    try:
        yield runner
    finally:
        runner.close()


def run_to_the_end(stack: RunningStack, target: Target, of: Group, ends: Mapping[int, int]) -> None:
    """Read the group up to these offsets, and stop."""
    with running(stack, target) as runner:
        steps_until(runner.step, lambda: positions(stack, target.name, of).items() >= ends.items())


def dead_letters(log: RowLog, project: str) -> list[Record]:
    topic = f"{project}.deadletters"
    follower = Follower(log.connection, wait_ms=LEAVING_MS)
    found: list[Record] = []
    opened = Admin(log.connection).topic_ids([topic])[topic][0]
    follower.follow({Partition(topic, opened, 0): 0})
    while not follower.at_end():
        found += follower.poll(seconds=0.2).records
    follower.close()
    return found


def test_rows_can_be_read_online_and_offline_and_both_agree(
    stack: RunningStack, platform: Platform, log: RowLog, storage: str
) -> None:
    made = log.make_group(platform.project())
    rows = rows_of(3_000, 400, seed=1)
    log.insert(made, rows)
    log.delete(made, rows[0], 1_800_000_000_000_000)
    due = ends(log, made.group)
    run_to_the_end(stack, OnlineTarget(stack.postgres_dsn), made.group, due)
    run_to_the_end(stack, OfflineTarget(storage, stack.postgres_dsn, 0.1), made.group, due)
    found = online(stack, made.group)
    expected = last_values(made, rows)
    assert found.keys() == expected.keys()
    gone = made.key(rows[0])
    assert found[gone][2]
    assert {key: row[3] for key, row in found.items() if key != gone} == {
        key: body for key, body in expected.items() if key != gone
    }
    history = offline(storage, made.group)
    assert sorted(history["_operation"].to_list()).count("upsert") == len(rows)
    assert sorted(history.filter(pl.col("_operation") == "upsert")["number"].to_list()) == list(range(len(rows)))
    latest = offline(storage, made.group, history=False)
    assert latest.height == len(expected) - 1
    times = {made.key({"id": row["id"]}): row["_offset"] for row in latest.iter_rows(named=True)}
    assert times == {key: row[1] for key, row in found.items() if not row[2]}


def test_what_does_not_fit_ends_as_dead_letters_and_the_rest_flows(
    stack: RunningStack, platform: Platform, log: RowLog, storage: str
) -> None:
    project = platform.project()
    made = log.make_group(project, partitions=1)
    rows = rows_of(50, 50, seed=2)
    topic = made.group.topic
    log.insert(made, rows[:25])
    log.produce(topic, b"key", b"not avro at all")
    log.produce(topic, made.key(rows[0]), made.value(rows[0])[:-3])
    log.produce(topic, b"other key", made.value(rows[0]), {"headrace_insert": "x"})
    log.produce(topic, made.key(rows[0]), None)
    for number in (math.nan, math.inf, -math.inf):
        log.produce(topic, made.key(rows[0]), made.value({**rows[0], "share": number}))
    log.insert(made, rows[25:])
    due = ends(log, made.group)
    run_to_the_end(stack, OnlineTarget(stack.postgres_dsn), made.group, due)
    run_to_the_end(stack, OfflineTarget(storage, stack.postgres_dsn, 0.1), made.group, due)
    assert {key: row[3] for key, row in online(stack, made.group).items()} == last_values(made, rows)
    assert offline(storage, made.group).height == len(rows)
    letters = dead_letters(log, project)
    for projection in ("online", "offline"):
        mine = [letter for letter in letters if letter.headers["projection"] == projection]
        assert [letter.headers["offset"] for letter in mine] == ["25", "26", "27", "28", "29", "30", "31"]
        assert {letter.headers["topic"] for letter in mine} == {topic}
        assert mine[0].value == b"not avro at all"
        assert mine[2].headers["error"] == "the record's key is not the canonical key of its row"
        assert mine[2].headers["headrace_insert"] == "x"
        assert mine[3].value is None
        reasons = {letter.headers["error"] for letter in mine[4:]}
        assert reasons == {"column 'share' holds a number that is not finite"}
        original = Record(topic=topic, topic_id=made.group.topic_id, partition=0, offset=25, key=b"", value=b"")
        assert mine[0].headers["headrace_id"] == dead_letter_id(original, projection)
        with psycopg.connect(stack.postgres_dsn) as database:
            query = sql.SQL("SELECT count(*) FROM {} WHERE topic_id = %s").format(
                sql.Identifier(projection, "dead_letters")
            )
            assert database.execute(query, (made.group.topic_id,)).fetchone() == (7,)


def test_a_partition_waits_for_an_unknown_schema_while_others_go_on(
    stack: RunningStack, platform: Platform, log: RowLog
) -> None:
    project = platform.project()
    made, other = log.make_group(project, partitions=1), log.make_group(project, "others", partitions=1)
    rows = rows_of(10, 10, seed=3)
    log.insert(made, rows[:5])
    log.produce(made.group.topic, made.key(rows[5]), frame(999_999_999) + b"\0")
    log.insert(made, rows[6:])
    log.insert(other, rows)
    with running(stack, OnlineTarget(stack.postgres_dsn), patience=2.0) as runner:
        steps_until(runner.step, lambda: positions(stack, "online", other.group) == {0: 10})
        assert positions(stack, "online", made.group) == {0: 5}
        assert not runner.caught_up()
        steps_until(runner.step, lambda: positions(stack, "online", made.group) == {0: 10})
    assert len(online(stack, made.group)) == len({row["id"] for row in (*rows[:5], *rows[6:])})
    (letter,) = dead_letters(log, project)
    assert letter.headers["offset"] == "5"


def test_a_group_that_cannot_be_written_stops_no_other(stack: RunningStack, platform: Platform, log: RowLog) -> None:
    project = platform.project()
    bad, good = log.make_group(project, "bad", partitions=1), log.make_group(project, "good", partitions=1)
    rows = rows_of(20, 20, seed=4)
    with running(stack, OnlineTarget(stack.postgres_dsn)) as runner:
        steps_until(runner.step, lambda: positions(stack, "online", bad.group) == {0: 0})
        name = table(project, "bad", 1)
        with psycopg.connect(stack.postgres_dsn, autocommit=True) as database:
            database.execute(sql.SQL("ALTER TABLE {} ADD CONSTRAINT never CHECK (false)").format(name))
        log.insert(bad, rows)
        log.insert(good, rows)
        steps_until(runner.step, lambda: positions(stack, "online", good.group) == {0: 20})
        assert positions(stack, "online", bad.group) == {0: 0}
        with psycopg.connect(stack.postgres_dsn, autocommit=True) as database:
            database.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT never").format(name))
        steps_until(runner.step, lambda: positions(stack, "online", bad.group) == {0: 20})
    assert online(stack, bad.group) == online(stack, good.group)


def test_a_zombie_writes_nothing(stack: RunningStack) -> None:
    one, zombie = OnlineTarget(stack.postgres_dsn), OnlineTarget(stack.postgres_dsn)
    of = group("contested")
    (where, _) = of.places
    one.open(of)
    zombie.open(of)
    row = {"id": "a", "at": 5, "number": 1}
    one.write(of, fit(of, SCHEMAS, [record(row, 0, of=of)]), {where: 1})
    with pytest.raises(Superseded):
        zombie.write(of, fit(of, SCHEMAS, [record({**row, "at": 6}, 0, of=of)]), {where: 1})
    assert [found[0] for found in online(stack, of).values()] == [5]
    assert zombie.open(of)[where] == 1
    one.close()
    zombie.close()


@pytest.mark.usefixtures("stack")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.integers(0, 2), st.booleans()), min_size=1, max_size=14
    ),
    data=st.data(),
)
def test_the_online_value_is_the_last_whatever_the_order_of_arrival_and_the_batches(
    stack: RunningStack, changes: list[tuple[str, int, int, bool]], data: st.DataObject
) -> None:
    records = [
        delete(entity, number, at, headers={"headrace_known_at": str(known)})
        if gone
        else record({"id": entity, "at": at, "number": number}, number, headers={"headrace_known_at": str(known)})
        for number, (entity, at, known, gone) in enumerate(changes)
    ]
    order = data.draw(st.permutations(records))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(records)), max_size=4)))
    where = THINGS.places[0]
    target = OnlineTarget(stack.postgres_dsn)
    with psycopg.connect(stack.postgres_dsn, autocommit=True) as database:
        database.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table("shop", "things", 1)))
    step = target.open(THINGS)[where]
    for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        step += 1
        target.write(THINGS, fit(THINGS, SCHEMAS, order[start:end]), {where: step})
    target.close()
    expected: dict[str, tuple[int, int, int, bool]] = {}
    for number, (entity, at, known, gone) in enumerate(changes):
        expected[entity] = max(expected.get(entity, (-1, -1, -1, False)), (at, known, number, gone))
    found = {(row[0], row[1], row[2]) for row in online(stack, THINGS).values()}
    assert found == {(at, number, gone) for at, _, number, gone in expected.values()}


@pytest.mark.usefixtures("stack")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.booleans()), min_size=1, max_size=12),
    line=st.integers(0, 12),
    learnt=st.integers(0, 12),
)
def test_a_cleared_group_holds_what_came_behind_the_line_whenever_the_store_learns_of_it(
    stack: RunningStack, changes: list[tuple[str, int, bool]], line: int, learnt: int
) -> None:
    records = [
        delete(entity, number, at) if gone else record({"id": entity, "at": at, "number": number}, number)
        for number, (entity, at, gone) in enumerate(changes)
    ]
    end, line = len(records), min(line, len(records))
    cleared, where = replace(THINGS, begins=(line, 0)), THINGS.places[0]
    target = OnlineTarget(stack.postgres_dsn)
    target.remove(THINGS)
    for of, until in ((THINGS, min(learnt, end)), (cleared, end), (cleared, end)):
        start = target.open(of)[where]
        target.write(of, fit(of, SCHEMAS, records[start:until]), {where: max(start, until)})
    target.close()
    expected: dict[str, tuple[int, int, bool]] = {}
    for number, (entity, at, gone) in list(enumerate(changes))[line:]:
        expected[entity] = max(expected.get(entity, (-1, -1, False)), (at, number, gone))
    found = {(row[0], row[1], row[2]) for row in online(stack, THINGS).values()}
    assert found == set(expected.values())


def test_both_stores_forget_a_project_that_is_deleted_also_one_that_was_down(log: RowLog, storage: str) -> None:
    stack, platform = log.platform.stack, log.platform
    project = platform.project()
    made = log.make_group(project)
    log.insert(made, [{"id": "a", "at": 1_000_000, "number": 1, "share": 0.5, "note": "x"}])
    with running(stack, OnlineTarget(stack.postgres_dsn)) as runner:
        steps_until(
            runner.step, lambda: positions(stack, "online", made.group).items() >= ends(log, made.group).items()
        )
        run_to_the_end(stack, OfflineTarget(storage, stack.postgres_dsn, 0.0), made.group, ends(log, made.group))
        folder = Path(url2pathname(urlsplit(storage).path)) / "offline" / project
        assert folder.exists()
        platform.send(DeleteProject(project=project), "user:ada")
        steps_until(runner.step, lambda: holding(stack.postgres_dsn, project) == ["offline"])
        assert ProjectDeleted(project=project) not in [recorded.event for recorded in platform.events()]
    with running(stack, OfflineTarget(storage, stack.postgres_dsn, 0.0)) as runner:
        steps_until(runner.step, lambda: holding(stack.postgres_dsn, project) == [])
    assert not folder.exists()
    with psycopg.connect(stack.postgres_dsn) as database:
        query = "SELECT 1 FROM pg_tables WHERE schemaname = 'online' AND starts_with(tablename, %s)"
        assert database.execute(query, (f"{project}.",)).fetchall() == []


def reach(runner: RowRunner, log: RowLog, store: str, *made: MadeGroup) -> None:
    """Let the store read all that is there of these groups."""
    for one in made:
        due = ends(log, one.group).items()
        steps_until(runner.step, partial(_reached, log, store, one, due))


def _reached(log: RowLog, store: str, made: MadeGroup, due: Set[tuple[int, int]]) -> bool:
    return positions(log.platform.stack, store, made.group).items() >= due


def test_both_stores_let_go_of_a_deleted_group_and_of_nothing_else_also_one_that_was_down(
    log: RowLog, storage: str
) -> None:
    stack, platform = log.platform.stack, log.platform
    project = platform.project()
    gone, kept = log.make_group(project), log.make_group(project, "kept")
    for made in (gone, kept):
        log.insert(made, [{"id": "a", "at": 1_000_000, "number": 1, "share": 0.5, "note": "x"}])
    with running(stack, OfflineTarget(storage, stack.postgres_dsn, 0.0)) as runner:
        reach(runner, log, "offline", gone, kept)
    folder = Path(url2pathname(urlsplit(storage).path)) / "offline" / project
    assert {table.name for table in folder.iterdir()} == {"kept_1", "things_1"}
    with running(stack, OnlineTarget(stack.postgres_dsn)) as runner:
        reach(runner, log, "online", gone, kept)
        platform.send(DeleteFeatureGroup(project=project, name="things", version=1), "user:ada")
        steps_until(runner.step, lambda: positions(stack, "online", gone.group) == {})
    with running(stack, OfflineTarget(storage, stack.postgres_dsn, 0.0)) as runner:
        steps_until(runner.step, lambda: positions(stack, "offline", gone.group) == {})
    assert [table.name for table in folder.iterdir()] == ["kept_1"]
    with psycopg.connect(stack.postgres_dsn) as database:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'online' AND starts_with(tablename, %s)"
        assert database.execute(query, (f"{project}.",)).fetchall() == [(f"{project}.kept.1",)]
    admin = Admin(log.connection)
    eventually(lambda: gone.group.topic not in admin.topics_below(f"{project}.") or None, "its topic to go")
    assert online(stack, kept.group).keys() == {kept.key({"id": "a"})}
