"""What the events ask for, folded: pure, so that a restart comes to the same."""

from dataclasses import dataclass, field

from headrace_broker.acls import Rule, member_principal, member_rules, project_rules, wanted_members
from headrace_events.certificate import (
    CertificateIssued,
    CertificateRejected,
    CertificateRequested,
    CertificateRevoked,
)
from headrace_events.envelope import Position, Recorded
from headrace_events.member import MemberAdded, MemberRemoved, MemberRoleChanged
from headrace_events.project import ProjectClosing, ProjectDeleted, ProjectReady, ProjectRequested
from headrace_events.roles import Role
from headrace_events.topic import TopicClosed, TopicGranted, TopicOpened, TopicRequested


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCertificate:
    """A certificate somebody waits for."""

    user: str
    generation: int
    signing_request: str
    at: Position


@dataclass(slots=True)
class WantedProject:
    """One project: what it should have, and what somebody still waits for."""

    name: str
    requested_at: Position
    ready: bool = False
    closing_at: Position | None = None
    roles: dict[str, Role] = field(default_factory=dict)
    live: dict[str, set[int]] = field(default_factory=dict)
    writers: dict[str, set[str]] = field(default_factory=dict)
    topics: dict[str, tuple[TopicRequested, Position]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    certificates: dict[tuple[str, int], PendingCertificate] = field(default_factory=dict)
    rules_changed: bool = True

    def apply(self, recorded: Recorded) -> None:
        """Fold one event of the project."""
        match recorded.event:
            case ProjectReady():
                self.ready = True
            case ProjectClosing():
                self.closing_at = recorded.at
            case MemberAdded(user=user, role=role) | MemberRoleChanged(user=user, role=role):
                self.roles[user] = role
                self.rules_changed = True
            case MemberRemoved(user=user):
                self.roles.pop(user, None)
                self.live.pop(user, None)
                self.writers = {topic: users - {user} for topic, users in self.writers.items()}
                self.certificates = {key: one for key, one in self.certificates.items() if one.user != user}
                self.rules_changed = True
            case TopicRequested(name=name) as requested:
                self.topics[name] = (requested, recorded.at)
            case TopicOpened(name=name):
                self.topics.pop(name, None)
            case TopicClosed(name=name):
                self.closed.add(name)
                self.writers.pop(name, None)
                self.rules_changed = True
            case TopicGranted(topic=topic, user=user):
                self.writers.setdefault(topic, set()).add(user)
                self.rules_changed = True
            case CertificateRequested(user=user, generation=generation, signing_request=signing_request):
                self.certificates[user, generation] = PendingCertificate(
                    user=user, generation=generation, signing_request=signing_request, at=recorded.at
                )
            case CertificateIssued(user=user, generation=generation):
                self.certificates.pop((user, generation), None)
                self.live.setdefault(user, set()).add(generation)
                self.rules_changed = True
            case CertificateRejected(user=user, generation=generation):
                self.certificates.pop((user, generation), None)
                self.rules_changed = True
            case CertificateRevoked(user=user, generation=generation):
                self.live.get(user, set()).discard(generation)
                self.rules_changed = True
            case _:
                pass

    def rules(self) -> set[Rule]:
        """The access rules of the platform's own principals and of every live certificate of a member."""
        return project_rules(self.name) | wanted_members(self.name, self.roles, self.live, self.writers)

    def rules_of(self, pending: PendingCertificate) -> set[Rule]:
        """The rules a certificate will have once it is issued; none where its person is no member any more."""
        role = self.roles.get(pending.user)
        if role is None:
            return set()
        granted = [topic for topic, users in self.writers.items() if pending.user in users]
        principal = member_principal(self.name, pending.user, pending.generation)
        return member_rules(self.name, principal, role, granted)


@dataclass(slots=True)
class Wanted:
    """All projects."""

    projects: dict[str, WantedProject] = field(default_factory=dict)

    def apply(self, recorded: Recorded) -> None:
        """Fold one event of the platform or of a project."""
        if isinstance(recorded.event, ProjectRequested):
            name = recorded.event.project
            self.projects[name] = WantedProject(name, recorded.at)
        elif isinstance(recorded.event, ProjectReady | ProjectClosing):
            self.projects[recorded.event.project].apply(recorded)
        elif isinstance(recorded.event, ProjectDeleted):
            self.projects.pop(recorded.event.project, None)
        elif recorded.project is not None:
            self.projects[recorded.project].apply(recorded)
