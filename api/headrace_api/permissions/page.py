"""The page of permissions, made of the tables that decide: commands, access, topics and the broker's rules."""

from collections.abc import Iterable, Mapping, Sequence
from inspect import cleandoc, getdoc
from typing import Any

from headrace_api.permissions.routes import ROUTES, Asked
from headrace_broker.acls import Rule, member_rules, project_rules, sandbox_rules, service_rules
from headrace_broker.topics import INTERNAL
from headrace_events.access import ACCESS, WHILE_SENSITIVE
from headrace_events.language import Command
from headrace_events.permissions import PERMISSIONS
from headrace_events.roles import Right, Role, holds
from headrace_events.topic_rights import TOPIC_RIGHTS, TopicRight

YES = "✓"
PROJECT = "<project>"

_BEFORE = """\
# Permissions

Made from the tables in the code, by which is decided: `.venv/bin/python -m headrace_api.permissions` writes it anew.

The command processor checks every command, the API what takes none, and the brokers what a certificate may do. Whoever
is neither a member of a project nor an administrator is told no more than that there is no such project (404). Where a
person is known and may not, the answer is 403. A key can have less than its owner: see the scopes of
[people](people.md).

An administrator who is no member has the column "administrator"; with a role in the project, that role's column too.
Commands that every user may send are about what is theirs: one's own keys, sessions, password and one-time codes.
Administrators may send those about anybody.
"""

_TOPICS = """\
## Kafka

What the certificate of a member may do with the topics of its project. Consumer groups and transactional ids begin with
`<project>.` and are every member's. Nobody but the platform creates, deletes or alters topics, groups and access rules,
or sees those rules; nobody's certificate opens a topic of `headrace.`. Of another project it reads what that one
[shares](sharing.md), and writes nothing. `✓` in brackets: topics that an owner grants. The last column is of a project
that is [sensitive](sandbox.md): the topics that its scientists still read.

A trial whose study [reads topics](experiments.md#reading-topics) has a certificate that reads all of these, in a
sensitive project too, and what is shared with it, and writes none. Its consumer groups begin with
`<project>.<user>.w<generation>.`; it has no transactional ids.
"""

_SERVICES = """\
## Kafka: the platform's own principals

Each server has a certificate of its own, and only what its work takes.
"""

_TOPIC_COLUMNS = (
    "topics",
    "what",
    "owner reads",
    "owner writes",
    "scientist reads",
    "scientist writes",
    "scientist reads, sensitive",
)
_COLUMNS = ("anybody", "user", "scientist", "owner", "administrator")


def page(document: Mapping[str, Any]) -> str:
    """The whole page, with the routes of that OpenAPI document."""
    routes = _routes(document)
    parts = [
        _BEFORE,
        "## Commands\n",
        _table(("command", "what it does", "route", *_COLUMNS), _commands(routes)),
        "## Commands of the platform\n",
        _table(("command", "what it does", "sent by"), _system_commands()),
        "## Without a command\n",
        _table(("what", "route", *_COLUMNS), _accesses(routes)),
        _TOPICS,
        _table(_TOPIC_COLUMNS, _topics()),
        _SERVICES,
        _table(("topic", "written by", "read by"), _services()),
    ]
    return "\n".join(parts)


def _commands(routes: Mapping[Asked, str]) -> Iterable[Sequence[str]]:
    for command, (right, _) in PERMISSIONS.items():
        if right is not Right.SYSTEM:
            yield (f"`{command.wire}`", _what(command), routes.get(command, ""), *_marks(right))


def _system_commands() -> Iterable[Sequence[str]]:
    for command, (right, processor) in PERMISSIONS.items():
        if right is Right.SYSTEM:
            yield (f"`{command.wire}`", _what(command), f"`{processor}`")


def _accesses(routes: Mapping[Asked, str]) -> Iterable[Sequence[str]]:
    for access, (right, what) in ACCESS.items():
        yield (what, routes.get(access, ""), *_marks(right))
        if access in WHILE_SENSITIVE:
            yield ("the same, of a project that is [sensitive](sandbox.md)", "", *_marks(WHILE_SENSITIVE[access]))


def _topics() -> Iterable[Sequence[str]]:
    for kind in TOPIC_RIGHTS:
        shown = f"`{PROJECT}.{kind.name}{'…' if kind.many else ''}`"
        yield (shown, kind.what, *(mark for role in Role for mark in _topic_marks(kind, role)), _inside(kind))


def _topic_marks(kind: TopicRight, role: Role) -> Sequence[str]:
    rules = member_rules(PROJECT, "member", role)
    writes = allows(rules, _example(kind), "write")
    granted = kind.granted and not writes
    return _mark(allows(rules, _example(kind), "read")), f"({YES})" if granted else _mark(writes)


def _inside(kind: TopicRight) -> str:
    return _mark(allows(sandbox_rules(PROJECT, "member"), _example(kind), "read"))


def _services() -> Iterable[Sequence[str]]:
    rules = service_rules()
    for spec in INTERNAL:
        yield (f"`{spec.name}`", *_principals(rules, spec.name))
    rules = project_rules(PROJECT)
    for kind in TOPIC_RIGHTS:
        yield (f"`{PROJECT}.{kind.name}{'…' if kind.many else ''}`", *_principals(rules, _example(kind)))


def _principals(rules: set[Rule], topic: str) -> Sequence[str]:
    def who(operation: str) -> str:
        return ", ".join(sorted({rule.principal for rule in rules if allows({rule}, topic, operation)}))

    return who("write"), who("read")


def allows(rules: set[Rule], topic: str, operation: str) -> bool:
    """Whether one of the rules lets somebody do that with the topic."""
    return any(
        rule.kind == "topic"
        and rule.operation == operation
        and (topic.startswith(rule.name) if rule.prefixed else topic == rule.name)
        for rule in rules
    )


def _example(kind: TopicRight) -> str:
    return f"{PROJECT}.{kind.name}{'x' if kind.many else ''}"


def _marks(right: Right) -> Sequence[str]:
    return (
        "once" if right is Right.NOBODY_YET else _mark(right is Right.ANYBODY),
        _mark(holds(right, administrator=False, role=None)),
        _mark(holds(right, administrator=False, role=Role.DATA_SCIENTIST)),
        _mark(holds(right, administrator=False, role=Role.DATA_OWNER)),
        _mark(holds(right, administrator=True, role=None)),
    )


def _mark(so: bool) -> str:
    return YES if so else ""


def _routes(document: Mapping[str, Any]) -> Mapping[Asked, str]:
    """What is asked for → the routes that ask for it."""
    found: dict[Asked, list[str]] = {}
    for path, verbs in document["paths"].items():
        for method, operation in verbs.items():
            for asked in ROUTES[operation["operationId"]]:
                found.setdefault(asked, []).append(f"`{method.upper()} {path}`")
    return {asked: "<br>".join(shown) for asked, shown in found.items()}


def _what(command: type[Command]) -> str:
    return cleandoc(getdoc(command) or "").splitlines()[0]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
