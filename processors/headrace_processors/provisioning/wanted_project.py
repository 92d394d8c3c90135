"""What the events of one project ask for, folded: pure, so that a restart comes to the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from headrace_broker import client_quotas
from headrace_broker.acls import (
    Rule,
    member_principal,
    project_rules,
    wanted_members,
    worker_principal,
    worker_rules,
)
from headrace_events.certificate import (
    CertificateIssued,
    CertificateRejected,
    CertificateRequested,
    CertificateRevoked,
    Ending,
)
from headrace_events.envelope import Position, Recorded
from headrace_events.feature_group_clearing import FeatureGroupCleared, FeatureGroupClearRequested
from headrace_events.ids import Micros
from headrace_events.member import MemberAdded, MemberRemoved, MemberRoleChanged
from headrace_events.project import (
    ProjectArchived,
    ProjectClosing,
    ProjectMarkedSensitive,
    ProjectReady,
    ProjectUnarchived,
    ProjectUnmarkedSensitive,
)
from headrace_events.quota import QuotaChanged
from headrace_events.roles import Role
from headrace_events.topic import (
    TopicChanged,
    TopicChangeRequested,
    TopicClosed,
    TopicGranted,
    TopicOpened,
    TopicRequested,
)
from headrace_processors.provisioning.endings import EndedCertificate
from headrace_processors.provisioning.issued import IssuedCertificate
from headrace_processors.provisioning.revocations import Revocations
from headrace_processors.provisioning.sharing import Sharing
from headrace_processors.provisioning.shut import Shut
from headrace_processors.provisioning.streamed import Streamed
from headrace_processors.provisioning.workers import Workers

UNKNOWN_YET = Micros(1 << 62)
"""Later than every time: what was asked for then is dead for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCertificate:
    """A certificate somebody waits for."""

    user: str
    generation: int
    signing_request: str
    at: Position
    time: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadCertificates:
    """Generations without rights since that position that are not yet revoked: of who left, or of runs that ended."""

    user: str
    generations: tuple[int, ...]
    at: Position
    reason: Ending


@dataclass(slots=True)
class WantedProject:
    """One project: what it should have, and what somebody still waits for."""

    name: str
    requested_at: Position
    shut: Shut = field(default_factory=Shut)
    sharing: Sharing = field(default_factory=Sharing)
    revocations: Revocations = field(default_factory=Revocations)
    ready: bool = False
    archived: bool = False
    sensitive: bool = False
    closing_at: Position | None = None
    ended: bool = False
    roles: dict[str, Role] = field(default_factory=dict)
    live: dict[str, set[int]] = field(default_factory=dict)
    writers: dict[str, set[str]] = field(default_factory=dict)
    topics: dict[str, tuple[TopicRequested, Position]] = field(default_factory=dict)
    changes: dict[str, tuple[TopicChangeRequested, Position]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    streamed: Streamed = field(default_factory=Streamed)
    clears: dict[str, FeatureGroupClearRequested] = field(default_factory=dict)
    certificates: dict[tuple[str, int], PendingCertificate] = field(default_factory=dict)
    asked: dict[tuple[str, int], Micros] = field(default_factory=dict)
    renews: dict[tuple[str, int], int] = field(default_factory=dict)
    issued: dict[tuple[str, int], IssuedCertificate] = field(default_factory=dict)
    left: dict[tuple[str, int], Position] = field(default_factory=dict)
    workers: Workers = field(default_factory=Workers)
    limits: dict[str, float] = field(default_factory=dict)
    rules_changed: bool = True

    def apply(self, recorded: Recorded) -> None:
        """Fold one event of the project."""
        self.rules_changed |= self.workers.apply(recorded) | self.streamed.apply(recorded)
        match recorded.event:
            case ProjectReady():
                self.ready = True
            case QuotaChanged(quota=quota, limit=limit) if quota in client_quotas.NAMES:
                self.limits.pop(client_quotas.NAMES[quota], None)
                if limit is not None:
                    self.limits[client_quotas.NAMES[quota]] = limit
                self.rules_changed = True
            case ProjectArchived() | ProjectUnarchived() as moved:
                self.archived = isinstance(moved, ProjectArchived)
                self.rules_changed = True
            case ProjectMarkedSensitive() | ProjectUnmarkedSensitive() as marked:
                self.sensitive = isinstance(marked, ProjectMarkedSensitive)
                self.rules_changed = True
            case ProjectClosing():
                self.closing_at = recorded.at
            case MemberAdded(user=user, role=role) | MemberRoleChanged(user=user, role=role):
                self.roles[user] = role
                self.rules_changed = True
            case MemberRemoved(user=user):
                self._let_go(user, recorded.at)
            case TopicRequested(name=name) as requested:
                self.topics[name] = (requested, recorded.at)
            case TopicOpened(name=name):
                self.topics.pop(name, None)
            case TopicChangeRequested(name=name) as change:
                self.changes[name] = (change, recorded.at)
            case TopicChanged(name=name, settings=settings):
                if name in self.changes and self.changes[name][0].settings == settings:
                    del self.changes[name]
            case TopicClosed(name=name):
                self.closed.add(name)
                self.changes.pop(name, None)
                self.clears.pop(name, None)
                self.writers.pop(name, None)
                self.rules_changed = True
            case FeatureGroupClearRequested(topic=topic) as asked:
                self.clears[topic] = asked
            case FeatureGroupCleared(topic=topic, request=request):
                if topic in self.clears and self.clears[topic].request <= request:
                    del self.clears[topic]
            case TopicGranted(topic=topic, user=user):
                self.writers.setdefault(topic, set()).add(user)
                self.rules_changed = True
            case _:
                self._follow_certificates(recorded)

    def _let_go(self, user: str, at: Position) -> None:
        """A member has left: what they have, or wait for, is dead, and does not come back if they do."""
        waited = {generation for name, generation in self.certificates if name == user}
        for generation in self.live.pop(user, set()) | waited:
            self.left[user, generation] = at
            self.certificates.pop((user, generation), None)
        self.roles.pop(user, None)
        self.writers = {topic: users - {user} for topic, users in self.writers.items()}
        self.rules_changed = True

    def _follow_certificates(self, recorded: Recorded) -> None:
        match recorded.event:
            case CertificateRequested(user=user, generation=generation) as requested:
                self.asked[user, generation] = recorded.time
                self.certificates[user, generation] = PendingCertificate(
                    user=user,
                    generation=generation,
                    signing_request=requested.signing_request,
                    at=recorded.at,
                    time=recorded.time,
                )
                if requested.replaces is not None:
                    self.renews[user, generation] = requested.replaces
            case CertificateIssued(user=user, generation=generation) as issued:
                self.certificates.pop((user, generation), None)
                replaces = self.renews.get((user, generation))
                self.issued[user, generation] = IssuedCertificate.of(issued, recorded.time, replaces)
                if (user, generation) not in self.left:
                    self.live.setdefault(user, set()).add(generation)
                self.rules_changed = True
            case CertificateRejected(user=user, generation=generation):
                self.certificates.pop((user, generation), None)
                self.left.pop((user, generation), None)
                self.rules_changed = True
            case CertificateRevoked(user=user, generation=generation, reason=reason):
                self.live.get(user, set()).discard(generation)
                issued_before = self.issued.pop((user, generation), None)
                if issued_before is not None:
                    self.revocations.revoke(issued_before, recorded.time, reason)
                self.left.pop((user, generation), None)
                self.rules_changed = True
            case _:
                pass

    def end_certificates(self, ended: Iterable[EndedCertificate]) -> None:
        """The project is deleted: no certificate of it has rights any more, whatever of its log was read here."""
        for one in ended:
            self.revocations.revoke(one.certificate, one.when, one.why)
        self.ended = True

    def rules(self) -> set[Rule]:
        """The access rules of the platform's own principals and of every live certificate of a member or a worker."""
        return project_rules(self.name) | self._rules_of_members(self.roles, self._alive())

    def _rules_of_members(self, roles: Mapping[str, Role], live: Mapping[str, set[int]]) -> set[Rule]:
        shared = self.sharing.open_to(self.name)
        own = {user: {one for one in held if not self.workers.holds(user, one)} for user, held in live.items()}
        rules = wanted_members(
            self.name,
            roles,
            own,
            self.writers,
            archived=self.archived,
            sensitive=self.sensitive,
            shared=shared,
            streamed=self.streamed.topics,
        )
        for user in live.keys() & roles.keys():
            for generation in live[user] - own[user]:
                rules |= worker_rules(self.name, user, generation, shared)
        return rules

    def principal(self, user: str, generation: int) -> str:
        """The name that the generation is signed as."""
        named = worker_principal if self.workers.holds(user, generation) else member_principal
        return named(self.name, user, generation)

    def client_limits(self) -> dict[str, client_quotas.Limits]:
        """What the brokers hold every live certificate to, by its principal."""
        if not self.limits:
            return {}
        alive = {user: generations for user, generations in self._alive().items() if user in self.roles}
        return {
            self.principal(user, generation): self.limits
            for user, generations in alive.items()
            for generation in generations
        }

    def _alive(self) -> dict[str, set[int]]:
        """The generations that count, of everybody who is not shut out; of workers, those whose rung still runs."""
        return {
            user: {one for one in generations - set(self._dead(user, generations)) if not self.workers.over(user, one)}
            for user, generations in self.live.items()
            if user not in self.shut.out
        }

    def dead(self) -> list[DeadCertificates]:
        """What has to be revoked because its person left the project or was shut out, or its run has ended."""
        waited: dict[str, set[int]] = {}
        for user, generation in self.certificates:
            waited.setdefault(user, set()).add(generation)
        found = [
            DeadCertificates(user=user, generations=(generation,), at=at, reason=Ending.MEMBER_REMOVED)
            for (user, generation), at in self.left.items()
        ]
        for (user, generation), (_, at) in self.workers.asked.items():
            waits = generation in waited.get(user, set()) or generation in self.live.get(user, set())
            if waits and self.workers.over(user, generation):
                found.append(DeadCertificates(user=user, generations=(generation,), at=at, reason=Ending.RUN_ENDED))
        for user in self.shut.last.keys() & (self.live.keys() | waited.keys()):
            dead = self._dead(user, self.live.get(user, set()) | waited.get(user, set()))
            if dead:
                at, reason = self.shut.last[user][1], Ending.PERSON_DEACTIVATED
                found.append(DeadCertificates(user=user, generations=dead, at=at, reason=reason))
        return found

    def bury(self, dead: DeadCertificates) -> None:
        """Forget what was revoked; its event says the same later."""
        for generation in dead.generations:
            self.live.get(dead.user, set()).discard(generation)
            self.certificates.pop((dead.user, generation), None)
            self.left.pop((dead.user, generation), None)

    def _dead(self, user: str, generations: Iterable[int]) -> tuple[int, ...]:
        return tuple(
            sorted(one for one in generations if self.shut.closed(user, self.asked.get((user, one), UNKNOWN_YET)))
        )

    def rules_of(self, pending: PendingCertificate) -> set[Rule]:
        """The rules a certificate will have once it is issued; none where its person or its run is no more."""
        role = self.roles.get(pending.user)
        if self.workers.over(pending.user, pending.generation):
            return set()
        if role is None or pending.user in self.shut.out or self.shut.closed(pending.user, pending.time):
            return set()
        return self._rules_of_members({pending.user: role}, {pending.user: {pending.generation}})
