"""Given events, when a command comes, then events or a refusal: the decisions without any log."""

from __future__ import annotations

from dataclasses import dataclass, field

import headrace_schemas.catalogue  # noqa: F401 - enters every message in the registers
from headrace_events.administration import AdministrationFounded
from headrace_events.envelope import Request
from headrace_events.ids import CommandId, Micros, uuid7
from headrace_events.language import Command, Event
from headrace_events.member import MemberAdded
from headrace_events.project import ProjectReady, ProjectRequested
from headrace_events.roles import Role
from headrace_events.user import UserCreated
from headrace_processors.commands.handle import Accepted, Outcome, Refused, handle
from headrace_processors.commands.world import Answered, World


@dataclass(slots=True)
class Scenario:
    """A world that commands are sent to, one after the other."""

    world: World = field(default_factory=World)

    def when(
        self, command: Command, actor: str = "user:ada", *, expected: int | None = None, command_id: str | None = None
    ) -> Outcome:
        """What becomes of the command."""
        self.world.now = Micros(self.world.now + 1)
        request = Request(command=command, id=CommandId(command_id or uuid7()), actor=actor, expected_version=expected)
        outcome = handle(request, fingerprint=repr(command) + actor, world=self.world)
        if not isinstance(outcome, Refused) or outcome.remembered:
            self.world.answers.setdefault(request.id, Answered(repr(command) + actor, self.world.now, b"stored"))
        return outcome

    def events(self, command: Command, actor: str = "user:ada") -> list[Event]:
        """The events of a command that must be accepted."""
        outcome = self.when(command, actor)
        assert isinstance(outcome, Accepted), outcome
        return [recorded.event for recorded in outcome.events]

    def refusal(self, command: Command, actor: str = "user:ada") -> str:
        """The code of a command that must be refused."""
        outcome = self.when(command, actor)
        assert isinstance(outcome, Refused), outcome
        return outcome.refusal.code


def platform() -> Scenario:
    """An administrator `root-admin` and the users ada, bob and eve."""
    scenario = Scenario()
    fold(scenario, None, AdministrationFounded(user="root-admin"))
    for user in ("root-admin", "ada", "bob", "eve"):
        fold(scenario, None, UserCreated(user=user, administrator=user == "root-admin"))
    return scenario


def project(name: str = "flights") -> Scenario:
    """The platform with one ready project: ada is Data Owner, bob is Data Scientist, eve is a stranger."""
    scenario = platform()
    fold(scenario, None, ProjectRequested(project=name, owner="ada"))
    fold(scenario, None, ProjectReady(project=name, topics=()))
    fold(scenario, name, MemberAdded(user="ada", role=Role.DATA_OWNER))
    fold(scenario, name, MemberAdded(user="bob", role=Role.DATA_SCIENTIST))
    return scenario


def fold(scenario: Scenario, scope: str | None, event: Event) -> None:
    """Let the event have happened."""
    from headrace_events.envelope import Recorded
    from headrace_events.ids import EventId
    from headrace_processors.commands.world import AggregateKey

    world = scenario.world
    world.apply(
        Recorded(
            event=event,
            id=EventId("given"),
            project=scope,
            seq=world.seqs.get(scope or "", 0) + 1,
            version=world.version(AggregateKey(event.kind, scope, event.key)) + 1,
            actor="system:given",
            cause=CommandId("given"),
        )
    )
