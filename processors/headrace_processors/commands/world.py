"""Everything the command processor must know to decide, in memory; each part of it is a record of the state topic."""

import os
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from headrace_events.aggregates import AGGREGATES, KIND_OF_STATE
from headrace_events.envelope import Recorded
from headrace_events.ids import CommandId, Micros
from headrace_events.language import Home
from headrace_events.personal import SECRET_BYTES
from headrace_events.project import ProjectDeleted
from headrace_events.quota import Quota, Quotas
from headrace_events.schema import Schema
from headrace_events.share import Share
from headrace_events.usage import used_by
from headrace_schemas.avro import ApacheAvro
from headrace_schemas.catalogue import FIRST_FREE_ID
from headrace_schemas.json_schemas import BoundedJsonSchemas

S = TypeVar("S")

REMEMBERED_US = 14 * 24 * 3600 * 1_000_000
"""How long a command's result answers a repetition, in microseconds."""


@dataclass(frozen=True, slots=True, order=True)
class AggregateKey:
    """An aggregate's kind, its project (None: the platform's) and its name."""

    kind: str
    scope: str | None
    key: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}" if self.key else self.kind


@dataclass(frozen=True, slots=True)
class Held:
    """An aggregate's state after `version` events."""

    state: Any
    version: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What a command id was answered: a keyed hash of the request, when (microseconds), and the result's bytes."""

    request: str
    time: Micros
    result: bytes


def home_key(recorded: Recorded) -> AggregateKey:
    """The aggregate an event happened to."""
    scope = recorded.project if recorded.event.home is Home.PROJECT else None
    return AggregateKey(recorded.event.kind, scope, recorded.event.key)


def _offer(held: Held | None) -> tuple[tuple[str, str], ...]:
    """The two projects of a share that is offered and not answered."""
    if held is None or not isinstance(held.state, Share) or held.state.phase != "offered":
        return ()
    return ((held.state.shared.project, held.state.receiver),)


def topic_scope(recorded: Recorded) -> str:
    """Whose sequence counts the event: its project's, or the platform's ('')."""
    return (recorded.project or "") if recorded.event.home is Home.PROJECT else ""


@dataclass(slots=True)
class World:
    """The aggregates, the answers already given, and the counters.

    `offered` counts the shares that are offered and not answered, by the two projects; `keys` are those of all
    aggregates, by kind and scope.
    `dropped` are the aggregates of deleted projects whose snapshots are still to be removed; `usage` is the sum, by
    project, of what its aggregates use of their quotas.
    """

    aggregates: dict[AggregateKey, Held] = field(default_factory=dict)
    answers: "OrderedDict[CommandId, Answered]" = field(default_factory=OrderedDict)
    seqs: dict[str, int] = field(default_factory=dict)
    fingerprints: dict[int, str] = field(default_factory=dict)
    usage: dict[str, Counter[Quota]] = field(default_factory=dict)
    offered: Counter[tuple[str, str]] = field(default_factory=Counter)
    keys: dict[tuple[str, str | None], dict[str, None]] = field(default_factory=dict)
    dropped: list[AggregateKey] = field(default_factory=list)
    schema_id: int = FIRST_FREE_ID
    avro: ApacheAvro = field(default_factory=ApacheAvro)
    json_schemas: BoundedJsonSchemas = field(default_factory=BoundedJsonSchemas)
    now: Micros = field(default=Micros(0))
    actor: str = ""

    def state(self, state: type[S], scope: str | None, key: str) -> S | None:
        """The state of that aggregate, or None where nothing has happened to it."""
        held = self.aggregates.get(AggregateKey(KIND_OF_STATE[state], scope, key))
        return held.state if held else None

    def in_projects(self, state: type[S]) -> Iterator[tuple[str, S]]:
        """Each project, with its aggregate of which there is one in a project (its key is empty)."""
        for project in self.usage:
            found = self.state(state, project, "")
            if found is not None:
                yield project, found

    def each(self, state: type[S], scope: str | None) -> Iterator[tuple[str, S]]:
        """Every aggregate of that kind in the project (None: of the platform), with its key, in no order."""
        for key in self.keys.get((KIND_OF_STATE[state], scope), ()):
            found = self.state(state, scope, key)
            if found is not None:
                yield key, found

    def schema(self, schema_id: int) -> Schema | None:
        """The schema of that id, whichever project registered it."""
        fingerprint = self.fingerprints.get(schema_id)
        return self.state(Schema, None, fingerprint) if fingerprint is not None else None

    def hold(self, key: AggregateKey, held: Held) -> None:
        """Let the aggregate be in that state; a schema is found by its id from now on."""
        self.let_go(key)
        self.aggregates[key] = held
        self.keys.setdefault((key.kind, key.scope), {})[key.key] = None
        if key.scope is not None:
            self.usage.setdefault(key.scope, Counter()).update(used_by(held.state))
        self.offered.update(_offer(held))
        if isinstance(held.state, Schema):
            self.fingerprints[held.state.schema_id] = key.key
            self.schema_id = max(self.schema_id, held.state.schema_id + 1)

    def let_go(self, key: AggregateKey) -> None:
        """Know nothing of the aggregate any more."""
        held = self.aggregates.pop(key, None)
        self.keys.get((key.kind, key.scope), {}).pop(key.key, None)
        if held is not None and key.scope is not None:
            self.usage[key.scope].subtract(used_by(held.state))
        self.offered.subtract(_offer(held))

    def offers(self, project: str, receiver: str) -> int:
        """How many shares the project has offered to the receiver, who has not answered them."""
        return self.offered[project, receiver]

    def used(self, project: str, quota: Quota) -> int:
        """How much of it the project uses; 0 of what is not counted here."""
        return self.usage.get(project, Counter())[quota]

    def next_schema_id(self) -> int:
        """The platform-wide id that the next new schema gets."""
        return self.schema_id

    def secret(self) -> bytes:
        """Random bytes that nobody has seen."""
        return os.urandom(SECRET_BYTES)

    def version(self, key: AggregateKey) -> int:
        """How many events have happened to the aggregate."""
        held = self.aggregates.get(key)
        return held.version if held else 0

    def apply(self, recorded: Recorded) -> None:
        """Fold one event; what lies on the credentials topic is no part of the world."""
        if recorded.event.home is Home.CREDENTIALS:
            return
        key = home_key(recorded)
        held = self.aggregates.get(key)
        state = AGGREGATES[key.kind].evolve(held.state if held else None, recorded.event)
        self.hold(key, Held(state, recorded.version))
        self.seqs[topic_scope(recorded)] = recorded.seq
        if isinstance(recorded.event, ProjectDeleted):
            self._drop(recorded.event.project)

    def _drop(self, project: str) -> None:
        """Forget all that belongs to a project, its quotas and shares too; that it was deleted is the platform's."""
        quotas = AggregateKey(KIND_OF_STATE[Quotas], None, project)
        gone = [
            key
            for key, held in self.aggregates.items()
            if key.scope == project
            or key == quotas
            or (isinstance(held.state, Share) and project in held.state.between.values())
        ]
        for key in gone:
            del self.aggregates[key]
            self.keys[key.kind, key.scope].pop(key.key, None)
        self.usage.pop(project, None)
        self.seqs.pop(project, None)
        self.dropped += gone

    def forgotten(self, limit: int = 100) -> list[CommandId]:
        """Take out up to `limit` answers that are older than REMEMBERED_US, the oldest first."""
        gone: list[CommandId] = []
        while self.answers and len(gone) < limit:
            command, answered = next(iter(self.answers.items()))
            if answered.time > self.now - REMEMBERED_US:
                break
            gone.append(command)
            del self.answers[command]
        return gone
