"""Who may do what on the broker, as plain rules; membership and certificates make them, nothing else does.

Who may read, write, alter or delete something may describe it, by Kafka's own rules; so no rule says that besides. It
counts: whenever anybody asks for records, the broker goes through all rules of each topic that is asked for.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from headrace_broker import topics
from headrace_events.roles import Role
from headrace_events.shared import TopicPattern
from headrace_events.topic_rights import TOPIC_RIGHTS


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """`principal` may do `operation` on the `kind` (topic, group, transactional-id, cluster) named, or so prefixed.

    One that is `denied` may not, whatever else allows it.
    """

    principal: str
    kind: str
    name: str
    prefixed: bool
    operation: str
    denied: bool = False


def member_principal(project: str, user: str, generation: int | str) -> str:
    """The principal of one generation of a member's certificate (its common name)."""
    return f"{project}__{user}__{generation}"


def worker_principal(project: str, user: str, generation: int) -> str:
    """The principal of a worker's certificate, whose trial that person asked for."""
    return member_principal(project, user, f"w{generation}")


def worker_groups(project: str, user: str, generation: int) -> str:
    """How the names of a worker's consumer groups begin, and nobody else's."""
    return f"{project}.{user}.w{generation}."


def _topic(principal: str, name: str, *operations: str, prefixed: bool = False) -> Iterable[Rule]:
    return (Rule(principal, "topic", name, prefixed, operation) for operation in operations)


def reader_rules(project: str, principal: str) -> set[Rule]:
    """What every certificate of a member may do, and no more of an archived project: read all of it."""
    prefix = f"{project}."
    return {*_topic(principal, prefix, "read", prefixed=True), Rule(principal, "group", prefix, True, "read")}


def sandbox_rules(project: str, principal: str, *, archived: bool = False) -> set[Rule]:
    """What a Data Scientist's certificate may do in a sensitive project: nothing with topics that hold data."""
    prefix = f"{project}."
    rules = {Rule(principal, "group", prefix, True, "read")}
    for kind in TOPIC_RIGHTS:
        if not kind.data:
            writes = Role.DATA_SCIENTIST in kind.writers and not archived
            rules |= set(_topic(principal, prefix + kind.name, "read", *(("write",) if writes else ())))
    return rules


def member_rules(project: str, principal: str, role: Role, granted: Iterable[str] = ()) -> set[Rule]:
    """What a member's certificate may do: read all of the project, write what the role writes."""
    prefix = f"{project}."
    rules = {*reader_rules(project, principal), Rule(principal, "transactional-id", prefix, True, "write")}
    for kind in TOPIC_RIGHTS:
        if role in kind.writers:
            rules |= set(_topic(principal, prefix + kind.name, "write", prefixed=kind.many))
        elif kind.granted:
            rules |= {rule for name in granted for rule in _topic(principal, name, "write")}
    return rules


def streamed_rules(principal: str, topics: Iterable[str]) -> set[Rule]:
    """What the platform alone writes, though its name begins as what an owner writes: rows of streaming groups."""
    return {Rule(principal, "topic", name, False, "write", denied=True) for name in topics}


def worker_rules(project: str, user: str, generation: int, shared: Iterable[TopicPattern] = ()) -> set[Rule]:
    """What a worker's certificate may do, also in a sensitive project: read all of it and what is shared with it."""
    principal = worker_principal(project, user, generation)
    own = _topic(principal, f"{project}.", "read", prefixed=True)
    groups = Rule(principal, "group", worker_groups(project, user, generation), True, "read")
    return {*own, groups, *_shared_rules(principal, shared)}


def _shared_rules(principal: str, shared: Iterable[TopicPattern]) -> set[Rule]:
    """Topics of other projects, which are read and never written."""
    return {rule for pattern in shared for rule in _topic(principal, pattern.name, "read", prefixed=pattern.prefixed)}


COMMAND_PROCESSOR = "command-processor"
PROVISIONING = "provisioning"
PROJECTOR = "projector"
ONLINE = "online"
OFFLINE = "offline"
SEARCH = "search"
TRAINING = "training-datasets"
API = "api"
GATEWAY = "gateway"
STUDIES = "studies"
OBSERVER = "observer"
LINEAGE = "lineage"
FLINK = "flink"
ALERTS = "alerts"
STREAMS = "streams"
MONITORING = "monitoring"
AUDIT = "audit"

SENDERS = (API, PROVISIONING, TRAINING, STUDIES, ALERTS, GATEWAY)
"""Who sends commands."""

READERS = (
    PROVISIONING,
    PROJECTOR,
    ONLINE,
    OFFLINE,
    SEARCH,
    TRAINING,
    STUDIES,
    OBSERVER,
    LINEAGE,
    ALERTS,
    GATEWAY,
    API,
    STREAMS,
)
"""Who follows the metadata of every project, and the results of commands, which tell where something happens."""

NO_GROUP = "headrace.unused"
"""The group of followers: the client wants one where nobody joins any, and asks without end where it lies, unless it
may know."""

DATA_READERS = (PROJECTOR, ONLINE, OFFLINE, SEARCH, TRAINING, OBSERVER, STREAMS)
"""Who reads rows, runs, predictions or outcomes of every project, and so may write its dead letters."""


def service_rules() -> set[Rule]:
    """What the platform's own principals may do on the internal topics."""
    rules: set[Rule] = set()
    for sender in SENDERS:
        rules |= set(_topic(sender, topics.COMMANDS, "write"))
    for reader in READERS:
        rules |= {*_topic(reader, topics.PLATFORM, "read"), *_topic(reader, topics.RESULTS, "read")}
        rules.add(Rule(reader, "group", f"headrace.{reader}", True, "read"))
    for follower in {*READERS, COMMAND_PROCESSOR, AUDIT, MONITORING}:
        rules.add(Rule(follower, "group", NO_GROUP, False, "describe"))
    for name in (topics.COMMANDS, topics.STATE, topics.PLATFORM):
        rules |= set(_topic(COMMAND_PROCESSOR, name, "read"))
    for name in (
        topics.RESULTS,
        topics.STATE,
        topics.PLATFORM,
        topics.CREDENTIALS,
        topics.AUDIT,
        topics.DEAD_LETTERS,
    ):
        rules |= set(_topic(COMMAND_PROCESSOR, name, "write"))
    rules |= {
        Rule(COMMAND_PROCESSOR, "group", "headrace.command-processor", False, "read"),
        Rule(COMMAND_PROCESSOR, "transactional-id", "headrace.command-processor", True, "write"),
    }
    for checker in (API, GATEWAY):
        rules |= set(_topic(checker, topics.CREDENTIALS, "read"))
    rules |= set(_topic(API, topics.AUDIT, "write", "read"))
    rules |= set(_topic(API, topics.WINDOWS, "read"))
    rules |= set(_topic(PROVISIONING, topics.AUDIT, "write"))
    rules |= set(_topic(AUDIT, topics.AUDIT, "read"))
    rules |= {
        Rule(PROVISIONING, "topic", "*", False, operation)
        for operation in ("create", "delete", "alter", "alter-configs")
    }
    rules |= {
        Rule(PROVISIONING, "cluster", "kafka-cluster", False, operation)
        for operation in ("create", "alter", "alter-configs")
    }
    rules.add(Rule(PROVISIONING, "group", "*", False, "delete"))
    for reader in DATA_READERS:
        rules |= set(_topic(reader, topics.DEAD_LETTERS, "write"))
        rules.add(Rule(reader, "transactional-id", f"headrace.{reader}", True, "write"))
    for name in (topics.OBSERVATIONS, topics.REFERENCES, topics.USAGE):
        rules |= {*_topic(OBSERVER, name, "write"), *_topic(OBSERVER, name, "read")}
    rules |= set(_topic(LINEAGE, topics.LINEAGE, "write", "read"))
    rules |= set(_topic(LINEAGE, topics.LINEAGE_REBUILDS, "create", "delete", "write", "read", prefixed=True))
    rules.add(Rule(LINEAGE, "transactional-id", "headrace.lineage", True, "write"))
    for reader in (PROJECTOR, SEARCH):
        rules |= set(_topic(reader, "headrace.derived.", "read", prefixed=True))
    rules |= set(_topic(FLINK, "headrace.derived.", "read", prefixed=True))
    for written in (topics.WINDOWS, topics.AGGREGATES):
        rules |= set(_topic(FLINK, written, "write"))
    for derived in (topics.READINGS, topics.STREAMS, topics.TICKS):
        rules |= set(_topic(STREAMS, derived, "read", "write"))
    rules |= set(_topic(STREAMS, topics.AGGREGATES, "read"))
    rules |= {
        Rule(FLINK, "group", "headrace.flink", True, "read"),
        Rule(FLINK, "transactional-id", "headrace.flink", True, "write"),
    }
    rules |= {*_topic(ALERTS, topics.WINDOWS, "read"), *_topic(ALERTS, topics.USAGE, "read", "write")}
    rules |= set(_topic(ALERTS, "headrace.alerts-", "read", "write", "create", prefixed=True))
    for reader in (ALERTS, MONITORING):
        rules |= {*_topic(reader, topics.WINDOWS, "read"), *_topic(reader, topics.REFERENCES, "read")}
    return rules


def project_rules(project: str) -> set[Rule]:
    """What the platform's own principals may do on a project's topics."""
    rules: set[Rule] = set()
    for reader in set(READERS) - set(DATA_READERS):
        rules |= set(_topic(reader, topics.events_of(project), "read"))
    rules |= set(_topic(COMMAND_PROCESSOR, topics.events_of(project), "read", "write"))
    for reader in DATA_READERS:
        rules |= set(_topic(reader, f"{project}.", "read", prefixed=True))
        rules |= set(_topic(reader, f"{project}.deadletters", "write"))
    rules |= set(_topic(GATEWAY, f"{project}.predictions", "write"))
    rules |= set(_topic(STREAMS, f"{project}.features.", "write", prefixed=True))
    rules |= set(_topic(API, f"{project}.", "describe", prefixed=True))
    rules |= set(_topic(STUDIES, f"{project}.runs", "write", "read"))
    return rules


def wanted_members(
    project: str,
    roles: Mapping[str, Role],
    live: Mapping[str, Iterable[int]],
    writers: Mapping[str, Iterable[str]],
    *,
    archived: bool = False,
    sensitive: bool = False,
    shared: Iterable[TopicPattern] = (),
    streamed: Collection[str] = (),
) -> set[Rule]:
    """The rules of all members: `live` generations by user, `writers` (users) by granted topic.

    `shared` are topics of other projects, which every member reads and nobody writes; a sensitive project has none.
    The topics that are `streamed` no member writes.
    """
    rules: set[Rule] = set()
    for user, role in roles.items():
        granted = [topic for topic, users in writers.items() if user in users]
        for generation in live.get(user, ()):
            principal = member_principal(project, user, generation)
            if sensitive and role is Role.DATA_SCIENTIST:
                rules |= sandbox_rules(project, principal, archived=archived)
                continue
            rules |= reader_rules(project, principal) if archived else member_rules(project, principal, role, granted)
            if role is Role.DATA_OWNER and not archived:
                rules |= streamed_rules(principal, streamed)
            rules |= _shared_rules(principal, shared)
    return rules
