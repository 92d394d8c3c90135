"""The projector on a real log."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from tests.integration.clients import eventually
from tests.integration.platform import Platform
from tests.integration.projections.catalogue.conftest import Catalogue

from headrace_events.envelope import Position
from headrace_events.ids import uuid7
from headrace_events.user import CreateUser
from headrace_projections import checkpoint
from headrace_projections.catalogue.definition import TABLES
from headrace_projections.errors import OutOfDate, Superseded
from headrace_projections.postgres import connect
from headrace_projections.projector import Session


def feed_of(catalogue: Catalogue) -> Counter[tuple[str, int, str]]:
    """Every (project, seq, event id) of the catalogue's feed."""
    return Counter(catalogue.ask("SELECT project, seq, event_id FROM catalogue.activity"))


def log_of(platform: Platform) -> Counter[tuple[str, int, str]]:
    """The same, read from the log by an independent reader."""
    return Counter((event.project or "", event.seq, event.id) for event in platform.events())


def a_name() -> str:
    return f"u{uuid7()[-12:]}"


def test_what_a_command_did_is_in_the_tables(platform: Platform, catalogue: Catalogue) -> None:
    with catalogue.following():
        project = platform.project(owner="ada", scientist="bob")
        (row,) = catalogue.until(
            "SELECT owner, ready_seq FROM catalogue.projects WHERE phase = 'ready' AND project = %s", project
        )
        assert row[0] == "ada"
        catalogue.until("SELECT 1 FROM catalogue.members WHERE project = %s AND user_name = 'bob'", project)
    members = catalogue.ask("SELECT user_name, role FROM catalogue.members WHERE project = %s ORDER BY 1", project)
    assert members == [("ada", "data-owner"), ("bob", "data-scientist")]
    purposes = catalogue.ask("SELECT purpose FROM catalogue.topics WHERE project = %s AND phase = 'open'", project)
    assert {purpose for (purpose,) in purposes} >= {"events", "runs", "predictions", "outcomes", "deadletters"}
    (version,) = catalogue.ask(
        "SELECT version FROM catalogue.aggregate_versions WHERE project = %s AND aggregate = 'member/'", project
    )
    assert version == (2,)


def test_a_session_goes_on_where_the_last_one_stopped(platform: Platform, catalogue: Catalogue) -> None:
    catalogue.catch_up()
    project = platform.project()
    catalogue.catch_up()
    catalogue.catch_up()
    assert feed_of(catalogue) == log_of(platform)
    assert catalogue.ask("SELECT 1 FROM catalogue.checkpoint WHERE topic = %s AND seq > 0", f"{project}.events")


def test_of_two_projectors_one_writes_and_the_other_finds_out(platform: Platform, catalogue: Catalogue) -> None:
    catalogue.catch_up()
    with catalogue.session() as first, catalogue.session() as second:
        platform.send(CreateUser(user=a_name()))
        eventually(lambda: first.step() or None, "the first to project")
        with pytest.raises(Superseded):
            eventually(lambda: second.step() or None, "the second to try")
    assert feed_of(catalogue) == log_of(platform)


def test_a_new_project_is_in_the_checkpoint_as_soon_as_it_is_ready(platform: Platform, catalogue: Catalogue) -> None:
    with catalogue.following():
        project = platform.project()
        catalogue.until("SELECT 1 FROM catalogue.projects WHERE project = %s AND ready_seq IS NOT NULL", project)
        assert catalogue.ask("SELECT 1 FROM catalogue.checkpoint WHERE topic = %s", f"{project}.events")


def test_the_checkpoint_passes_the_markers_of_transactions(platform: Platform, catalogue: Catalogue) -> None:
    result = platform.send(CreateUser(user=a_name()))
    (position,) = map(Position.parse, result.positions)
    marker = position.offset + 1
    with catalogue.following():
        catalogue.until(
            "SELECT 1 FROM catalogue.checkpoint WHERE topic_id = %s AND next_offset > %s", position.topic_id, marker
        )


def test_it_refuses_tables_of_another_shape(platform: Platform, catalogue: Catalogue) -> None:
    older = replace(TABLES, definition=TABLES.definition + "CREATE TABLE more (id text PRIMARY KEY);")
    with connect(catalogue.dsn, "test") as database:
        older.make_live(database)
    with pytest.raises(OutOfDate, match="rebuild"):
        catalogue.session()
    assert catalogue.rebuild().rebuild().events == len(platform.events())
    catalogue.catch_up()


def test_the_checkpoint_is_compared_before_it_is_moved(platform: Platform, catalogue: Catalogue) -> None:
    catalogue.catch_up()
    with catalogue.session() as session, connect(catalogue.dsn, "test") as database:
        platform.send(CreateUser(user=a_name()))
        database.execute("UPDATE catalogue.checkpoint SET next_offset = next_offset + 1")
        with pytest.raises(Superseded):
            eventually(lambda: session.step() or None, "the projector to try")
        assert isinstance(session, Session)
        assert checkpoint.read(database, "catalogue")
