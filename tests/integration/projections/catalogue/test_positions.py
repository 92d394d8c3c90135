"""Reading what one wrote."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from tests.integration.platform import Platform
from tests.integration.projections.catalogue.conftest import Catalogue

from headrace_broker.admin import Admin
from headrace_events.envelope import Position
from headrace_events.ids import uuid7
from headrace_events.user import CreateUser
from headrace_projections.catalogue.queries import projects
from headrace_projections.positions import wait_for

T = TypeVar("T")
Pool = AsyncConnectionPool[AsyncConnection[Any]]


def asked(catalogue: Catalogue, question: Callable[[Pool], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with AsyncConnectionPool(catalogue.dsn, min_size=1, max_size=2, open=False) as pool:
            return await question(pool)

    return asyncio.run(ask())


def passed(catalogue: Catalogue, *positions: Position, seconds: float = 10, schema: str = "catalogue") -> bool:
    return asked(catalogue, lambda pool: wait_for(pool, schema, positions, seconds))


def written(platform: Platform) -> Position:
    result = platform.send(CreateUser(user=f"w{uuid7()[-12:]}"))
    (position,) = result.positions
    return Position.parse(position)


def test_a_position_is_passed_when_its_event_is_in_the_tables(platform: Platform, catalogue: Catalogue) -> None:
    with catalogue.following():
        for _ in range(5):
            position = written(platform)
            assert passed(catalogue, position)
            assert catalogue.ask("SELECT 1 FROM catalogue.activity WHERE position = %s", str(position))


def test_without_a_projector_nobody_is_told_that_it_passed(platform: Platform, catalogue: Catalogue) -> None:
    assert not passed(catalogue, written(platform), seconds=0.2)  # there is not even a schema
    catalogue.catch_up()
    before, after = written(platform), written(platform)
    assert not passed(catalogue, before, after, seconds=0.2)
    catalogue.catch_up()
    assert passed(catalogue, before, after, seconds=0)


def test_a_topic_that_the_catalogue_does_not_follow_holds_nobody_up(platform: Platform, catalogue: Catalogue) -> None:
    project = platform.project()
    catalogue.catch_up()
    runs, _ = Admin(catalogue.log).topic_ids([f"{project}.runs"])[f"{project}.runs"]
    assert passed(catalogue, Position(runs, 0, 10_000_000), seconds=0)


def test_a_project_that_the_catalogue_has_not_heard_of_is_waited_for(platform: Platform, catalogue: Catalogue) -> None:
    catalogue.catch_up()
    project = platform.project()
    events, _ = Admin(catalogue.log).topic_ids([f"{project}.events"])[f"{project}.events"]
    assert not passed(catalogue, Position(events, 0, 0), seconds=0.2)
    catalogue.catch_up()
    assert passed(catalogue, Position(events, 0, 0), seconds=0)


def test_nothing_to_wait_for_is_passed(catalogue: Catalogue) -> None:
    assert passed(catalogue, seconds=0)


def test_a_project_is_ready_once_its_own_log_is_read_too(platform: Platform, catalogue: Catalogue) -> None:
    project = platform.project(owner="ada")
    catalogue.catch_up()

    def phase() -> str | None:
        row = asked(catalogue, lambda pool: projects.project(pool, project))
        return row.phase if row is not None else None

    assert phase() == "ready"
    for of_its_own_log in ("topics", "members"):
        catalogue.ask(f"DELETE FROM catalogue.{of_its_own_log} WHERE project = %s", project)
    assert phase() == "requested"
