"""Commands from many senders at once, some of whom never wait for the answer."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

from tests.integration.clients import connection, eventually
from tests.integration.platform import ADMINISTRATOR, Platform

from headrace_broker.command_client import CommandClient
from headrace_broker.errors import Unavailable
from headrace_broker.results import Result
from headrace_events.envelope import Request
from headrace_events.ids import CommandId, uuid7
from headrace_events.language import Command
from headrace_events.member import AddMember, ChangeRole, RemoveMember
from headrace_events.roles import Role
from headrace_events.user import CreateUser

SENDERS = 12
EVERY_S = 0.08
"""A sender's shortest time from one command to the next: together at most 150 a second."""
PATIENCE_S = 2.0
"""How long a sender waits before it asks again with the same id."""
LONGEST_S = 180.0
"""Whoever is not answered for so long never will be."""


class Manner(Enum):
    """What a sender does about the answer; the value is how often, in a hundred commands."""

    WAITS = 80
    LEAVES = 8
    """Sends, and never asks what became of it."""
    RETURNS = 6
    """Dies before the answer, and asks later with the same id."""
    DOUBLES = 6
    """Sends the same command twice at the same time, over two connections."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A command, and every answer that its sender got."""

    request: Request
    answers: list[Result] = field(default_factory=list)


class Load:
    """Senders on threads; `sent` is what they know."""

    def __init__(
        self, clients: tuple[CommandClient, CommandClient], projects: list[str], crew: list[str], seed: str
    ) -> None:
        self.sent: list[Sent] = []
        self._clients = clients
        self._projects = projects
        self._crew = crew
        self._versions: dict[str, int] = {}
        self._acknowledged: list[float] = []
        self._stop = threading.Event()
        self._failures: list[BaseException] = []
        chances = [random.Random(f"{seed} {number}") for number in range(SENDERS)]  # noqa: S311 - repeats
        self._threads = [threading.Thread(target=self._run, args=(chance,)) for chance in chances]

    @property
    def acknowledged(self) -> int:
        """How many commands were accepted, and their senders told so."""
        return len(self._acknowledged)

    def pace(self) -> int:
        """Acknowledged in the last second."""
        since = time.monotonic() - 1.0
        recent = 0
        while recent < len(self._acknowledged) and self._acknowledged[-1 - recent] > since:
            recent += 1
        return recent

    def run_until(self, acknowledged: int, pace: int = 0) -> None:
        """Wait until so many are acknowledged, and so many of them in the last second."""

        def reached() -> bool | None:
            if self._failures:
                raise self._failures[0]
            return True if self.acknowledged >= acknowledged and self.pace() >= pace else None

        eventually(reached, f"{acknowledged} acknowledged commands, {pace} of them in a second", LONGEST_S)

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send nothing new, and return when everybody who waits for an answer has it."""
        self._stop.set()
        for thread in self._threads:
            thread.join(LONGEST_S + 30)
        if self._failures:
            raise self._failures[0]

    def _run(self, chance: random.Random) -> None:
        try:
            self._send(chance)
        except BaseException as error:
            self._failures.append(error)
            raise

    def _send(self, chance: random.Random) -> None:
        later: list[Sent] = []
        manners = list(Manner)
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + EVERY_S, time.monotonic())
            sent = Sent(self._wish(chance))
            self.sent.append(sent)
            (manner,) = chance.choices(manners, [manner.value for manner in manners])
            first, second = chance.sample(self._clients, 2)
            if manner is Manner.WAITS:
                self._await(sent, first)
            elif manner is Manner.DOUBLES:
                self._await(sent, first, second)
            else:
                first.send(sent.request)
                first.forget(sent.request.id)
            if manner is Manner.RETURNS:
                later.append(sent)
            if len(later) > 3:
                self._await(later.pop(0), second)
        for sent in later:
            self._await(sent, self._clients[0])

    def _await(self, sent: Sent, *clients: CommandClient) -> None:
        """Ask every client until one has answered, again and again with the same id; then let the others answer too."""
        deadline = time.monotonic() + LONGEST_S
        waiting = list(clients)
        while waiting:
            assert time.monotonic() < deadline, f"{sent.request} was not answered in {LONGEST_S} s"
            futures = {client: client.send(sent.request) for client in waiting if client.healthy}
            assert futures, "a client does not read results any more"
            for client, future in futures.items():
                result = _answer(future)
                client.forget(sent.request.id)
                if result is not None:
                    sent.answers.append(result)
                    waiting.remove(client)
        result = sent.answers[0]
        if result.accepted:
            self._acknowledged.append(time.monotonic())
            self._versions[sent.request.command.scope or ""] = result.version

    def _wish(self, chance: random.Random) -> Request:
        command = self._command(chance)
        expected = None
        if chance.random() < 0.1:
            # Another sender may have been quicker: then it is stale, and must be refused.
            expected = self._versions.get(command.scope or "", 0) if command.scope else 0
        actor = "user:ada" if command.scope else ADMINISTRATOR
        return Request(command=command, id=CommandId(uuid7()), actor=actor, expected_version=expected)

    def _command(self, chance: random.Random) -> Command:
        project, member = chance.choice(self._projects), chance.choice(self._crew)
        role = chance.choice(list(Role))
        kind = chance.random()
        if kind < 0.70:
            return CreateUser(user=f"k{uuid7()[-12:]}")
        if kind < 0.73:
            return CreateUser(user=member)  # taken: refused
        if kind < 0.83:
            return AddMember(project=project, user=member, role=role)
        if kind < 0.92:
            return ChangeRole(project=project, user=member, role=role)
        return RemoveMember(project=project, user=member)


def _answer(future: Future[Result]) -> Result | None:
    try:
        return future.result(PATIENCE_S)
    except (TimeoutError, Unavailable):
        return None


@contextmanager
def load_on(platform: Platform, chance: random.Random) -> Iterator[Load]:
    """Load on two new projects, for the length of the block."""
    projects = [platform.project() for _ in range(2)]
    crew = [f"k{uuid7()[-12:]}" for _ in range(8)]
    for name in crew:
        platform.user(name)
    first, second = (CommandClient(connection(platform.stack, "api")) for _ in range(2))
    load = Load((first, second), projects, crew, str(chance.random()))
    load.start()
    try:
        yield load
    finally:
        load.stop()
        first.close()
        second.close()
