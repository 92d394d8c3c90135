"""Any commands by anybody, in any order, with owners of the command path that die: what must hold all the same."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from tests.integration.faults.load import Sent
from tests.integration.faults.verdict import violations
from tests.unit.processors.commands.path import CODEC, CommandPath, fingerprint
from tests.unit.processors.commands.wishes import PROJECTS, USERS, events_topic, fitting_actor, sensible, wishes

from headrace_broker.envelopes import command_entry
from headrace_broker.errors import BrokerError
from headrace_broker.record import Entry
from headrace_broker.topics import COMMANDS
from headrace_events.ids import CommandId
from headrace_events.language import Command
from headrace_events.member import AddMember
from headrace_events.project import CreateProject, MarkReady
from headrace_events.quota import Quota
from headrace_events.roles import Role
from headrace_events.user import CreateFirstAdministrator, CreateUser
from headrace_processors.commands.world import World
from headrace_schemas.errors import DoesNotFit

HEADERS = ("ce_id", "headrace_actor", "headrace_expected_version", "ce_type")


class AnybodySendsAnything(RuleBasedStateMachine):
    """Two projects with their people, and then whatever comes."""

    def __init__(self) -> None:
        """Found the platform."""
        super().__init__()
        self.path = CommandPath()
        self.session = self.path.session()
        founding = CreateFirstAdministrator(user="root", key_id="first", key_hash=fingerprint("secret"))
        self.path.send(founding, "anonymous")
        for user in USERS[1:]:
            self.path.send(CreateUser(user=user), "user:root")
        self.path.log.create("other.events")  # for whoever says that a project of that name is ready
        for project in PROJECTS:
            self.path.log.create(f"{project}.events")
            self.path.send(CreateProject(project=project, owner="ada"), "user:root")
            self.path.send(MarkReady(project=project, topics=(events_topic(project),)), "system:provisioning")
            self.path.send(AddMember(project=project, user="bob", role=Role.DATA_SCIENTIST), "user:ada")
        self.session.drain()

    @rule(sent=st.lists(st.tuples(wishes(), st.integers(0, 60)), min_size=1, max_size=10))
    def send(self, sent: list[tuple[tuple[Command, str], int]]) -> None:
        """Anybody sends anything, sometimes at an expected version."""
        for (command, actor), draw in sent:
            try:
                self.path.send(command, actor, draw if draw < 4 else None)
            except DoesNotFit:
                continue  # the sender is told at once

    @rule(project=st.sampled_from(PROJECTS), stretch=st.slices(len(sensible(PROJECTS[0]))))
    def go_on_as_usual(self, project: str, stretch: slice) -> None:
        """A stretch of a project's life, with steps left out or the other way round."""
        for command in sensible(project)[stretch]:
            self.path.send(command, fitting_actor(command))

    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """A command comes twice."""
        again = self.path.sent[data.draw(st.sampled_from(list(self.path.sent)))]
        self.path.write(command_entry(again, CODEC))

    @rule(data=st.data(), name=st.sampled_from(USERS))
    def send_another_under_the_same_id(self, data: st.DataObject, name: str) -> None:
        """An id comes with another command."""
        used = self.path.sent[data.draw(st.sampled_from(list(self.path.sent)))]
        other = type(used)(command=CreateUser(user=name), id=used.id, actor="user:eve")
        self.path.write(command_entry(other, CODEC))

    @rule(
        value=st.none() | st.binary(max_size=40), headers=st.dictionaries(st.sampled_from(HEADERS), st.text(max_size=8))
    )
    def send_garbage(self, value: bytes | None, headers: dict[str, str]) -> None:
        """Bytes come that are no command, under headers that may name one."""
        self.path.write(Entry(topic=COMMANDS, key=b"x", value=value, headers=headers))

    @rule(limit=st.integers(1, 20))
    def decide(self, limit: int) -> None:
        """The owner decides some of what waits."""
        if self.session.write(limit):
            self.session.commit()

    @rule(limit=st.integers(1, 20))
    def die_before_the_commit(self, limit: int) -> None:
        """The owner wrote, another one took over, and the first comes back to commit."""
        zombie = self.session
        wrote = zombie.write(limit)
        self.session = self.path.session()
        if wrote:
            with pytest.raises(BrokerError):
                zombie.commit()

    @rule(limit=st.integers(1, 20))
    def die_after_the_commit(self, limit: int) -> None:
        """Another one takes over after a commit."""
        self.decide(limit)
        self.session = self.path.session()

    def teardown(self) -> None:
        """In the end everything is decided, once, and every copy of the state is the fold of the events."""
        self.session.drain()
        history = self.path.history()
        assert violations([Sent(request) for request in self.path.sent.values()], history) == []
        assert set(self.path.sent) <= {CommandId(command) for command in history.outcomes}
        folded = World()
        for events in self.path.events().values():
            for recorded in events:
                folded.apply(recorded)
        for world in (self.session.world, self.path.session().world):
            assert world.aggregates == folded.aggregates
            assert world.seqs == folded.seqs
            assert world.schema_id == folded.schema_id
            for project, quota in product(PROJECTS, Quota):
                assert world.used(project, quota) == folded.used(project, quota)


TestAnybodySendsAnything = pytest.mark.fuzz(AnybodySendsAnything.TestCase)
TestAnybodySendsAnything.settings = settings(
    max_examples=settings().max_examples // 10,
    stateful_step_count=20,
    suppress_health_check=list(HealthCheck),
)
