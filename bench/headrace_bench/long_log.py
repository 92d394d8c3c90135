"""A long log, made as everybody makes one: by commands that the command processor decides."""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future

from headrace_bench.measure import Figure
from headrace_broker.command_client import CommandClient
from headrace_broker.connection import Connection
from headrace_broker.results import Result
from headrace_events.envelope import Request
from headrace_events.feature_view import CreateFeatureView, GroupSelection
from headrace_events.ids import CommandId, uuid7
from headrace_events.language import Command
from headrace_events.model import CreateModelVersion
from headrace_events.user import CreateUser

ON_THEIR_WAY = 2_000
"""Commands that are sent before the first of them is answered."""
VERSIONS = 8
"""Versions of a model or view, before there is another one."""


def write(connection: Connection, project: str, owner: str, group: GroupSelection, count: int) -> Figure:
    """Make users, and as the owner model versions and views, by turns, one event each; each must be accepted."""
    commands = CommandClient(connection)
    on_their_way: deque[Future[Result]] = deque()
    began = time.monotonic()
    for actor, command in _commands(project, owner, group, count):
        on_their_way.append(commands.send(Request(command=command, id=CommandId(uuid7()), actor=actor)))
        if len(on_their_way) >= ON_THEIR_WAY:
            on_their_way.popleft().result(60).raise_if_refused()
    for sent in on_their_way:
        sent.result(60).raise_if_refused()
    seconds = time.monotonic() - began
    commands.close()
    return Figure(what=f"commands in a stream ({count:,})", unit="/s", p50=count / seconds)


def _commands(project: str, owner: str, group: GroupSelection, count: int) -> Iterator[tuple[str, Command]]:
    run = uuid7()[-6:]
    for number in range(count):
        name = f"{run}_{number // 3 // VERSIONS}"
        if number % 3 == 0:
            yield "user:administrator", CreateUser(user=f"l{run}-{number}")
        elif number % 3 == 1:
            yield (
                f"user:{owner}",
                CreateModelVersion(
                    project=project,
                    name=f"m{name}",
                    description="A model of the long log.",
                    framework="sklearn",
                    artifact=f"{number:064x}",
                    metrics={"accuracy": number / count, "log_loss": 1 - number / count},
                    inputs=group.features,
                    environment=("numpy==2.4.0", "scikit-learn==1.9.0"),
                ),
            )
        else:
            yield f"user:{owner}", CreateFeatureView(project=project, name=f"v{name}", root=group)
