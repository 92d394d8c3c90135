"""Vectors that are kept ready hold what the groups' rows say, whatever came when, and whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from tests.integration.stack import RunningStack
from tests.unit.projections.rows.things import COLUMNS, SCHEMA_ID, SCHEMAS, TEXT, delete, group, record

from headrace_events.envelope import Recorded
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_view_life import FeatureViewDeleted
from headrace_events.feature_view_precomputing import (
    FeatureViewPrecomputed,
    FeatureViewPrecomputingStopped,
    VectorPart,
)
from headrace_events.ids import CommandId, EventId
from headrace_events.language import Event
from headrace_events.schema import SchemaRegistered
from headrace_events.topic import TopicOpened
from headrace_projections.online.tables import table
from headrace_projections.online.target import OnlineTarget
from headrace_projections.online.vectors_table import vectors_table_name
from headrace_projections.rows.fit import fit
from headrace_projections.rows.groups import Group, Groups

ROOT, JOINED = group("root", partitions=1), group("joined", partitions=1)
BOTH = (ROOT, JOINED)
FEATURES = (("number", "note"), ("number",))
BEGUN = FeatureViewPrecomputed(
    name="view",
    version=1,
    parts=tuple(VectorPart(group=of.name, version=1, features=names) for of, names in zip(BOTH, FEATURES, strict=True)),
)


def recorded(event: Event, seq: int = 1) -> Recorded:
    return Recorded(
        event=event,
        id=EventId("e"),
        project=None if isinstance(event, SchemaRegistered) else "shop",
        seq=seq,
        version=1,
        actor="user:ada",
        cause=CommandId("c"),
    )


def announced() -> Groups:
    """What the metadata says of both groups."""
    groups = Groups()
    groups.take(recorded(SchemaRegistered(schema_id=SCHEMA_ID, fingerprint="f", schema=TEXT)))
    for of in BOTH:
        groups.take(
            recorded(
                FeatureGroupCreated(
                    name=of.name,
                    version=1,
                    description="",
                    columns=COLUMNS,
                    primary_key=("id",),
                    event_time="at",
                    online=True,
                    offline=True,
                    topic=of.topic,
                    subject=of.subject,
                    schema_id=SCHEMA_ID,
                )
            )
        )
        groups.take(recorded(TopicOpened(name=of.topic, topic_id=of.topic_id, partitions=1, purpose="features")))
    return groups


@dataclass(slots=True)
class Running:
    """The online projection of two groups, of which records are handed over one batch after the other."""

    target: OnlineTarget
    groups: Groups = field(default_factory=announced)
    at: dict[str, int] = field(default_factory=dict)

    def open(self, of: Group) -> None:
        """As after every event about the group."""
        (self.at[of.name],) = self.target.open(of).values()

    def write(self, of: Group, records: Sequence[Any]) -> None:
        """A batch."""
        self.at[of.name] += 1
        self.target.write(of, fit(of, SCHEMAS, records), {of.places[0]: self.at[of.name]})

    def learn(self, event: Event, seq: int) -> None:
        """An event of the project, of that number."""
        self.target.learn(recorded(event, seq), self.groups)


@contextmanager
def running(stack: RunningStack, piece: int = 1) -> Iterator[Running]:
    target = OnlineTarget(stack.postgres_dsn, piece)
    try:
        started = Running(target)
        for of in BOTH:
            started.open(of)
        yield started
    finally:
        target.close()


@pytest.fixture
def clean(stack: RunningStack) -> RunningStack:
    """Nothing is left of project `shop`."""
    forgotten(stack)
    return stack


def forgotten(stack: RunningStack) -> None:
    target = OnlineTarget(stack.postgres_dsn)
    target.forget("shop")
    target.close()


def kept(stack: RunningStack, seq: int = 1) -> dict[bytes, tuple[Any, ...]] | None:
    """Key → time and values of both parts, or None where there is no such table."""
    name = sql.Identifier("online", vectors_table_name("shop", "view", 1, seq))
    with psycopg.connect(stack.postgres_dsn) as database:
        try:
            rows = database.execute(sql.SQL("SELECT * FROM {}").format(name), binary=True).fetchall()
        except psycopg.errors.UndefinedTable:
            return None
    return {row[0]: tuple(_values(value) for value in row[1:]) for row in rows}


def _values(value: Any) -> Any:
    return orjson.loads(b"[" + value + b"]") if isinstance(value, bytes) else value


def filled(stack: RunningStack) -> list[bool]:
    with psycopg.connect(stack.postgres_dsn) as database:
        query = "SELECT filled FROM online.view_vectors WHERE project = 'shop' ORDER BY name, part"
        return [found for (found,) in database.execute(query).fetchall()]


def row(entity: str, at: int, number: int) -> dict[str, Any]:
    return {"id": entity, "at": at, "number": number, "note": f"n{number}"}


@pytest.mark.usefixtures("stack")
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from("abc"), st.integers(0, 3), st.booleans()), max_size=14
    ),
    begins=st.integers(0, 14),
    cleared=st.integers(0, 28),
    pieces=st.integers(1, 3),
)
def test_what_is_kept_ready_is_what_the_rows_say_whatever_came_before_and_after(
    stack: RunningStack, changes: list[tuple[int, str, int, bool]], begins: int, cleared: int, pieces: int
) -> None:
    forgotten(stack)
    last: list[dict[bytes, tuple[int, int, Any]]] = [{}, {}]
    with running(stack, pieces) as projection:
        for number, (place, entity, at, gone) in enumerate(changes):
            if number == begins:
                projection.learn(BEGUN, 1)
            if number == cleared:
                projection.open(replace(JOINED, begins=(projection.at["joined"],)))
                last[1] = {}
            of = BOTH[place]
            one = delete(entity, number, at, of=of) if gone else record(row(entity, at, number), number, of=of)
            projection.write(of, [one])
            projection.target.tick()
            assert one.key is not None
            values = None if gone else [number, f"n{number}"][: len(FEATURES[place])]
            last[place][one.key] = max(last[place].get(one.key, (-1, -1, None)), (at, number, values), key=_order)
        if len(changes) <= begins:
            projection.learn(BEGUN, 1)
        while filled(stack) != [True, True]:
            projection.target.tick()
        nothing = (None, -1, None)
        expected = {
            key: tuple(value for part in last for value in part.get(key, nothing)[::2])
            for key in last[0].keys() | last[1].keys()
        }
        found = kept(stack) or {}
        assert {key: parts for key, parts in found.items() if any(part is not None for part in parts)} == expected


def _order(change: tuple[int, int, Any]) -> tuple[int, int]:
    return change[:2]


def test_a_writer_that_never_heard_of_the_view_writes_its_vectors_too(clean: RunningStack) -> None:
    """As one does that is started anew, and reads of the group before it reads of the view."""
    with running(clean) as projection:
        projection.learn(BEGUN, 1)
        projection.write(ROOT, [record(row("a", 1, 1), 0, of=ROOT)])
        while filled(clean) != [True, True]:
            projection.target.tick()
    with running(clean) as later:
        later.write(ROOT, [record(row("a", 2, 2), 1, of=ROOT)])
        assert list((kept(clean) or {}).values()) == [(2, [2, "n2"], None, None)]
        later.learn(BEGUN, 1)
        later.target.tick()
        assert filled(clean) == [True, True]


@pytest.mark.parametrize(
    "end", [FeatureViewPrecomputingStopped(name="view", version=1), FeatureViewDeleted(name="view", version=1)]
)
def test_what_ended_is_gone_also_where_the_log_is_read_again(clean: RunningStack, end: Event) -> None:
    for _ in range(2):
        with running(clean) as projection:
            projection.learn(BEGUN, 1)
            projection.target.tick()
            projection.learn(end, 2)
            projection.target.tick()
            assert kept(clean) is None
            assert filled(clean) == []
            projection.write(ROOT, [record(row("a", 1, 1), 0, of=ROOT)])


def test_what_began_anew_stays_where_the_log_is_read_again(clean: RunningStack) -> None:
    """Another table, so that nobody reads the new one as if it were the old one."""
    stop = FeatureViewPrecomputingStopped(name="view", version=1)
    with running(clean) as projection:
        projection.write(ROOT, [record(row("a", 1, 1), 0, of=ROOT)])
        for event, seq in ((BEGUN, 1), (stop, 2), (BEGUN, 3)):
            projection.learn(event, seq)
            projection.target.tick()
        while filled(clean) != [True, True]:
            projection.target.tick()
    with running(clean) as later:
        for event, seq in ((BEGUN, 1), (stop, 2)):
            later.learn(event, seq)
            later.target.tick()
    assert kept(clean) is None
    assert list((kept(clean, 3) or {}).values()) == [(1, [1, "n1"], None, None)]
    assert filled(clean) == [True, True]


def test_a_project_takes_its_vectors_with_it(clean: RunningStack) -> None:
    with running(clean) as projection:
        projection.learn(BEGUN, 1)
        projection.target.tick()
        assert kept(clean) == {}
        projection.target.forget("shop")
    assert kept(clean) is None
    assert filled(clean) == []


def test_rows_that_cannot_be_kept_ready_are_not_written_either(clean: RunningStack) -> None:
    with running(clean) as projection:
        projection.learn(BEGUN, 1)
        projection.target.tick()
        name = sql.Identifier("online", vectors_table_name("shop", "view", 1, 1))
        with psycopg.connect(clean.postgres_dsn, autocommit=True) as database:
            database.execute(sql.SQL("ALTER TABLE {} ADD CONSTRAINT never CHECK (false)").format(name))
        with pytest.raises(psycopg.errors.CheckViolation):
            projection.write(ROOT, [record(row("a", 1, 1), 0, of=ROOT)])
        with psycopg.connect(clean.postgres_dsn) as database:
            rows = database.execute(sql.SQL("SELECT 1 FROM {}").format(table("shop", "root", 1))).fetchall()
        assert rows == []
