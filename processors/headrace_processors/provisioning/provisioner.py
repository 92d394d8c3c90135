"""Making the brokers what the events want them to be, and saying so by command.

Every step can be repeated: making what is there already changes nothing, and the command of a step has the same id each
time. Killed between any two steps, the next start folds the events again and goes on.
"""

import logging
import time
from collections.abc import Mapping
from datetime import timedelta

from headrace_broker.acls import Rule, project_rules
from headrace_broker.admin import Admin
from headrace_broker.authority import InvalidCommonName, InvalidSigningRequest
from headrace_broker.client_quotas import ClientQuotas, Limits
from headrace_broker.command_client import CommandClient
from headrace_broker.topics import TopicSpec, project_topics, requested_topic
from headrace_events.certificate import RecordCertificate, RecordCertificatesClosed, RejectCertificateRequest
from headrace_events.envelope import Position, Request
from headrace_events.errors import Conflict, NotFound
from headrace_events.feature_group_clearing import FeatureGroupClearRequested, RecordFeatureGroupCleared
from headrace_events.ids import CommandId, Micros, processor_command_id, uuid7
from headrace_events.language import Command
from headrace_events.project import MarkDeleted, MarkReady
from headrace_events.topic import RecordTopicChanged, RecordTopicOpened, TopicChangeRequested
from headrace_processors.provisioning.closing import Closing
from headrace_processors.provisioning.listing import RevocationLists
from headrace_processors.provisioning.rotation import Rotation
from headrace_processors.provisioning.wanted import Wanted
from headrace_processors.provisioning.wanted_project import DeadCertificates, PendingCertificate, WantedProject

logger = logging.getLogger(__name__)

WORKER_LIFETIME = timedelta(hours=24)
"""How long a worker's certificate lasts at the most, whatever becomes of the news that its run has ended."""

ISSUED_AT_ONCE = 8
"""How many certificates are issued before the events are read again: who has lost a right waits for no more of them."""


def say(commands: CommandClient, command: Command, at: Position, step: str) -> None:
    """Send the step's command. A conflict, or a member who has left meanwhile, means that nobody waits any more."""
    tell(commands, command, processor_command_id(at.topic_id, at.partition, at.offset, step))


def tell(commands: CommandClient, command: Command, command_id: CommandId) -> None:
    """Send a command by that id; nobody may wait for it any more."""
    try:
        commands.ask(Request(command=command, id=command_id, actor="system:provisioning"))
    except (Conflict, NotFound) as refusal:
        logger.info("%s was not needed any more: %s", command.wire, refusal)


class Provisioner:
    """Brings the brokers to what is wanted, one step after the other."""

    def __init__(
        self,
        admin: Admin,
        commands: CommandClient,
        rotation: Rotation,
        lifetime: timedelta,
        closing: Closing,
        *,
        client_quotas: ClientQuotas,
    ) -> None:
        self._admin = admin
        self._closing = closing
        self._commands = commands
        self._rotation = rotation
        self._authority = rotation.trust.signing
        self._lifetime = lifetime
        self._lists = RevocationLists(rotation.trust, commands.ask)
        self._rules: set[Rule] = set()
        self._client_quotas = client_quotas
        self._limits: dict[str, Limits] = {}

    def put_back(self, wanted: Wanted) -> tuple[set[Rule], set[Rule]]:
        """Compare the brokers with what is wanted, undo what was changed by hand; return (was missing, was extra)."""
        self._rules = self._admin.rules()
        self._limits = {who: limits for who, limits in self._client_quotas.limits().items() if "__" in who}
        due: set[Rule] = set()
        limits: dict[str, Limits] = {}
        for project in wanted.projects.values():
            if project.ready and project.closing_at is None:
                due |= project.rules()
                limits |= project.client_limits()
                project.rules_changed = False
        missing = due - self._rules
        extra = {rule for rule in self._rules - due if "__" in rule.principal}
        self._limit(limits, self._limits)
        self._set(add=missing, remove=extra)
        return missing, extra

    def bring_about(self, wanted: Wanted) -> int:
        """Do the steps that are due, but issue a few certificates only; return how many were done.

        As long as it does any, more may be left.
        Rules come first, so that who has lost a right waits for nothing else; the authorities before what they sign.
        """
        done = 0
        for project in list(wanted.projects.values()):
            done += self._bring_rules_about(wanted, project)
        for project in list(wanted.projects.values()):
            if project.closing_at is not None:
                done += self._close(wanted, project, project.closing_at)
            else:
                done += self._bring_topics_about(project)
        done += self._rotate(wanted)
        for project, pending in wanted.next_certificates(ISSUED_AT_ONCE):
            self._issue(project, pending)
            done += 1
        if wanted.projects:
            done += self._lists.publish(wanted.revocations)
        return done

    def _bring_rules_about(self, wanted: Wanted, project: WantedProject) -> int:
        """The project's access rules, and what is said once they hold."""
        if project.closing_at is not None:
            self._cut_off(project)
            return 0
        if not project.ready:
            self._make_ready(project)
            return 1
        done = self._set_rules(project)
        for enforced, at in wanted.sharing.take_due(project.name):
            self._say(enforced, at, f"enforced {enforced.share}")
            done += 1
        for dead in project.dead():
            self._bury(project, dead)
            done += 1
        return done

    def _bring_topics_about(self, project: WantedProject) -> int:
        """The project's topics."""
        done = 0
        if project.closed:
            self._admin.delete_topics(project.closed)
            project.closed.clear()
            done += 1
        for requested, at in list(project.topics.values()):
            self._open_topic(project, requested_topic(requested.name, requested.purpose, requested.settings), at)
            done += 1
        for change, at in list(project.changes.values()):
            self._change_topic(project, change, at)
            done += 1
        for asked in list(project.clears.values()):
            self._clear(project, asked)
            done += 1
        return done

    def _rotate(self, wanted: Wanted) -> int:
        """Let the authorities be those that are wanted, before anything else is signed."""
        issued = (one for project in wanted.projects.values() for one in project.issued.values())
        done = self._rotation.step(wanted.authorities, max((one.expires for one in issued), default=Micros(0)))
        if done:
            self._authority = self._rotation.trust.signing
        return done

    def _make_ready(self, project: WantedProject) -> None:
        opened = self._admin.create_topics(project_topics(project.name))
        self._set(add=project.rules() - self._rules)
        project.rules_changed = False
        self._say(MarkReady(project=project.name, topics=tuple(opened)), project.requested_at, "ready")
        project.ready = True

    def _cut_off(self, project: WantedProject) -> None:
        """No access rule names a certificate of the project any more."""
        mine = {rule for rule in self._rules if rule.principal.startswith(f"{project.name}__")}
        self._set(add=set(), remove=mine)
        self._limit({}, self._limits_of(project))

    def _close(self, wanted: Wanted, project: WantedProject, at: Position) -> int:
        """Take away what is left; not all of it may go at once, and then the next call goes on."""
        if not project.ended:
            endings = self._closing.endings(project.name)
            if endings is None:
                return 0
            project.end_certificates(endings.deleted(Micros(time.time_ns() // 1000)))
        self._lists.publish(wanted.revocations)
        if self._lists.behind(wanted.revocations) or not self._closing.step(project.name):
            return 0
        self._set(add=set(), remove=project_rules(project.name) & self._rules)
        self._say(MarkDeleted(project=project.name), at, "deleted")
        wanted.projects.pop(project.name, None)
        return 1

    def _set_rules(self, project: WantedProject) -> int:
        if not project.rules_changed:
            return 0
        due = project.rules()
        prefix = f"{project.name}__"
        extra = {rule for rule in self._rules if rule.principal.startswith(prefix)} - due
        self._limit(project.client_limits(), self._limits_of(project))
        self._set(add=due - self._rules, remove=extra)
        project.rules_changed = False
        return 1

    def _open_topic(self, project: WantedProject, spec: TopicSpec, at: Position) -> None:
        (opened,) = self._admin.create_topics([spec])
        self._say(RecordTopicOpened(project=project.name, topic=opened), at, "opened")
        project.topics.pop(spec.name, None)

    def _change_topic(self, project: WantedProject, change: TopicChangeRequested, at: Position) -> None:
        self._admin.change_topic(requested_topic(change.name, "user", change.settings))
        said = RecordTopicChanged(project=project.name, topic=change.name, settings=change.settings)
        self._say(said, at, "changed")
        project.changes.pop(change.name, None)

    def _clear(self, project: WantedProject, asked: FeatureGroupClearRequested) -> None:
        """Say where the topic ends now.

        The request's number, not the command's id, keeps it from happening twice: asked again, it ends elsewhere.
        """
        said = RecordFeatureGroupCleared(
            project=project.name,
            name=asked.name,
            version=asked.version,
            request=asked.request,
            positions=tuple(map(str, self._admin.ends(asked.topic))),
        )
        tell(self._commands, said, CommandId(uuid7()))
        project.clears.pop(asked.topic, None)

    def _bury(self, project: WantedProject, dead: DeadCertificates) -> None:
        """Revoke what no access rule names any more."""
        said = RecordCertificatesClosed(
            project=project.name, user=dead.user, generations=dead.generations, reason=dead.reason
        )
        self._say(said, dead.at, f"closed {project.name} {dead.generations}")
        project.bury(dead)

    def _issue(self, project: WantedProject, pending: PendingCertificate) -> None:
        name = project.principal(pending.user, pending.generation)
        worker = project.workers.holds(pending.user, pending.generation)
        lifetime = min(self._lifetime, WORKER_LIFETIME) if worker else self._lifetime
        command: Command
        try:
            signed = self._authority.sign_member(pending.signing_request.encode(), name, lifetime)
        except (InvalidSigningRequest, InvalidCommonName) as error:
            command = RejectCertificateRequest(
                project=project.name, user=pending.user, generation=pending.generation, reason=str(error)
            )
        else:
            self._limit({name: project.limits} if project.limits else {}, {})
            self._set(add=project.rules_of(pending) - self._rules)
            command = RecordCertificate(
                project=project.name,
                user=pending.user,
                generation=pending.generation,
                certificate=signed.pem.decode(),
                serial=str(signed.serial),
                begins=Micros(int(signed.not_before.timestamp() * 1_000_000)),
                authority=self._authority.number,
                expires=Micros(int(signed.not_after.timestamp() * 1_000_000)),
            )
        self._say(command, pending.at, "certificate")
        project.certificates.pop((pending.user, pending.generation), None)

    def _set(self, *, add: set[Rule], remove: set[Rule] | None = None) -> None:
        gone = remove or set()
        self._admin.set_rules(add=add, remove=gone)
        self._rules = (self._rules - gone) | add

    def _limits_of(self, project: WantedProject) -> dict[str, Limits]:
        return {who: limits for who, limits in self._limits.items() if who.startswith(f"{project.name}__")}

    def _limit(self, due: Mapping[str, Limits], held: Mapping[str, Limits]) -> None:
        """Hold clients to what is due, and no longer to what they were held to besides."""
        changes: dict[str, dict[str, float | None]] = {}
        for who in due.keys() | held.keys():
            before, after = held.get(who, {}), due.get(who, {})
            if before != after:
                changes[who] = {**dict.fromkeys(before), **after}
        self._client_quotas.change(changes)
        for who in changes:
            self._limits.pop(who, None)
        self._limits |= {who: dict(due[who]) for who in changes if who in due}

    def _say(self, command: Command, at: Position, step: str) -> None:
        say(self._commands, command, at, step)
