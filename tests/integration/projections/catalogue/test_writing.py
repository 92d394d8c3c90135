"""Changes in Postgres."""

from __future__ import annotations

import math
from typing import Any

import pytest
from psycopg import Connection
from tests.unit.projections.catalogue.examples import METADATA, example, recorded
from tests.unit.projections.catalogue.history import history

from headrace_events.deployment import DeploymentReady
from headrace_events.envelope import Recorded
from headrace_events.language import Event, Home
from headrace_events.monitor import AlertResolved
from headrace_projections import checkpoint
from headrace_projections.catalogue.definition import TABLES, apply
from headrace_projections.digest import compare
from headrace_projections.errors import Unfounded
from headrace_projections.folding import fold
from headrace_projections.postgres import translated
from headrace_projections.writing import Writer

EVENTS = history(6)


def make(database: Connection[Any], schema: str) -> Writer:
    with database.transaction():
        TABLES.make(database, schema)
    return Writer(schema)


def write(database: Connection[Any], writer: Writer, events: list[Recorded]) -> None:
    with translated(), database.transaction():
        writer.write(database, fold(change for event in events for change in apply(event)))


@pytest.mark.parametrize("size", [7, 50, 1000])
def test_batches_of_any_size_leave_the_same_rows(database: Connection[Any], size: int) -> None:
    one_by_one, batched = make(database, "one_by_one"), make(database, "batched")
    for event in EVENTS:
        write(database, one_by_one, [event])
    for start in range(0, len(EVENTS), size):
        write(database, batched, EVENTS[start : start + size])
    with database.transaction():
        compared = compare(database, "one_by_one", "batched", checkpoint.WALL_CLOCK)
    assert compared.differences == ()
    assert compared.live == compared.rebuilt


def test_values_arrive_as_they_were_sent(database: Connection[Any]) -> None:
    write(database, make(database, "c"), EVENTS)
    (group,) = database.execute(
        "SELECT description, columns, primary_key, ttl_seconds, created_time FROM c.feature_groups WHERE version = 3"
    )
    assert group[0] == "Wind and rain,\nby the hour \u2603 'quoted' \\ \ufffd"
    assert group[1][0] == {"name": "airport", "type": "string", "description": ""}
    assert group[2:4] == (["airport"], 2**40)
    assert group[4].timestamp() > 1_700_000_000
    metrics = database.execute("SELECT metrics FROM c.trials WHERE study = 'study-1' ORDER BY trial").fetchall()
    assert metrics == [([0.1 + 0.2, 0.5],), ([1e-300],), ([],)]
    alerts = database.execute(
        "SELECT window_start, resolved_observed, open FROM c.alerts WHERE deployment = 'delays-1' ORDER BY opened_seq"
    ).fetchall()
    assert alerts == [(-86_400_000_000, 0.05, False), (86_400_000_000, None, True)]


@pytest.mark.parametrize("cls", METADATA.values(), ids=METADATA.keys())
def test_every_event_can_be_written(database: Connection[Any], cls: type[Event]) -> None:
    """Its example fits the tables; what only updates finds nothing to update, and says so."""
    writer = make(database, "c")
    event = recorded(example(cls))
    assert (event.project is None) is (cls.home is Home.PLATFORM)
    try:
        write(database, writer, [event])
    except Unfounded:
        assert database.execute("SELECT 1 FROM c.activity").fetchall() == []
    else:
        assert len(database.execute("SELECT 1 FROM c.activity").fetchall()) == 1


def test_a_number_without_bound_is_a_number_still(database: Connection[Any]) -> None:
    writer = make(database, "c")
    write(
        database,
        writer,
        [
            *EVENTS,
            recorded(AlertResolved(deployment="delays-2", rule="drift", window_start=0, observed=math.inf), seq=999),
        ],
    )
    assert database.execute("SELECT observed FROM c.alert_timeline WHERE seq = 999").fetchall() == [(math.inf,)]


def test_a_change_to_what_was_never_made_is_refused_with_all_of_its_batch(database: Connection[Any]) -> None:
    writer = make(database, "c")
    with pytest.raises(Unfounded, match="deployments"):
        write(database, writer, [*EVENTS[:3], recorded(DeploymentReady(name="nobody"), seq=99)])
    assert database.execute("SELECT 1 FROM c.activity").fetchall() == []


def test_an_event_is_not_taken_twice(database: Connection[Any]) -> None:
    writer = make(database, "c")
    write(database, writer, EVENTS[:5])
    with pytest.raises(Unfounded, match="already exists"):
        write(database, writer, EVENTS[4:6])
