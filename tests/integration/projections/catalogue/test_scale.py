"""A catalogue as large as years make it, through the real command path."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from tests.integration.clients import connection
from tests.integration.faults.history import read
from tests.integration.faults.tables import expect_rebuilt_equals_live
from tests.integration.platform import ADMINISTRATOR, Platform
from tests.integration.stack import running_stack

from headrace_broker.command_client import CommandClient
from headrace_broker.results import Result
from headrace_events.envelope import Request
from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.feature_view import CreateFeatureView, GroupSelection
from headrace_events.ids import CommandId, uuid7
from headrace_events.language import Command
from headrace_events.model import CreateModelVersion
from headrace_events.row_schema import Column
from headrace_events.searchspace import Dimension
from headrace_events.study import CreateStudy, Halving, ReportRung, StartTrial
from headrace_events.user import CreateUser

EVENTS = 100_000
PROJECTS = 10
ON_THE_WAY = 500
DIGEST = "ab" * 32
OWNER = "user:ada"


@pytest.mark.long
def test_a_catalogue_of_a_hundred_thousand_events_is_rebuilt_equal(tmp_path: Path, chance: random.Random) -> None:
    services = ("postgres", "command-processor", "provisioning", "projector")
    with running_stack(tmp_path / "home", *services) as stack:
        client = CommandClient(connection(stack, "api"))
        platform = Platform(stack=stack, client=client)
        platform.found()
        projects = [platform.project() for _ in range(PROJECTS)]
        for project in projects:
            columns = (Column(name="a", type="bigint"), Column(name="b", type="double"))
            platform.send(CreateFeatureGroup(project=project, name="a", columns=columns, primary_key=("a",)), OWNER)
        began = time.monotonic()
        send_all(client, years_of_work(projects, chance))
        print(f"{EVENTS} events in {time.monotonic() - began:.0f} s")
        client.close()
        history = read(connection(stack, "broker").librdkafka())
        assert sum(map(len, history.topics.values())) >= EVENTS
        expect_rebuilt_equals_live(stack, history)


def send_all(client: CommandClient, wishes: Iterator[tuple[str, Command]]) -> None:
    """Send them without waiting for one before the next; each must be accepted."""
    waiting: deque[Future[Result]] = deque()
    for actor, command in wishes:
        waiting.append(client.send(Request(command=command, id=CommandId(uuid7()), actor=actor)))
        if len(waiting) >= ON_THE_WAY:
            waiting.popleft().result(120).raise_if_refused()
    while waiting:
        waiting.popleft().result(120).raise_if_refused()


def years_of_work(projects: list[str], chance: random.Random) -> Iterator[tuple[str, Command]]:
    """People, views, models, and studies with their trials: commands that make so many events together."""
    left, number = EVENTS, 0
    while left > 0:
        number += 1
        some = list(_some_work(chance.choice(projects), number, chance))
        left -= len(some)
        yield from some


def _some_work(project: str, number: int, chance: random.Random) -> Iterator[tuple[str, Command]]:
    kind = chance.randrange(4)
    if kind == 0:
        yield ADMINISTRATOR, CreateUser(user=f"user-{number}")
    elif kind == 1:
        root = GroupSelection(group="a", version=1, features=("a", "b"))
        yield OWNER, CreateFeatureView(project=project, name=f"v{number}", root=root, labels=("b",))
    elif kind == 2:
        yield (
            OWNER,
            CreateModelVersion(
                project=project,
                name=f"m{number // 20}",
                framework="python",
                artifact=DIGEST,
                metrics={"auc": chance.random()},
                inputs=("a",),
            ),
        )
    else:
        yield from _study(project, f"s{number}", chance)


def _study(project: str, study: str, chance: random.Random) -> Iterator[tuple[str, Command]]:
    yield (
        OWNER,
        CreateStudy(
            project=project,
            study=study,
            name="a",
            program=DIGEST,
            program_name="train",
            environment=(),
            searchspace=(Dimension(name="depth", kind="integer", values=("1", "9")),),
            trials=4,
            metric="auc",
            halving=Halving(least_steps=1, reduction=2, rungs=2),
        ),
    )
    for trial in range(4):
        yield "system:studies", StartTrial(project=project, study=study, trial=trial, parameters={"depth": "3"})
    for trial in range(4):
        metric = chance.random()
        yield "system:studies", ReportRung(project=project, study=study, trial=trial, rung=0, steps=1, metric=metric)
