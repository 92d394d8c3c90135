"""A batch of commands turned into the entries of its transaction: its events, and what tells of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from headrace_broker.audit import Act, ActCodec, Outcome
from headrace_broker.envelopes import event_entry, read_command
from headrace_broker.flood import Flood
from headrace_broker.record import Entry, Record
from headrace_broker.results import Result, ResultCodec
from headrace_broker.sealing import MasterKey
from headrace_broker.topics import CREDENTIALS, DEAD_LETTERS, RESULTS
from headrace_events.envelope import Position, Recorded, Request
from headrace_events.errors import Invalid, Refusal
from headrace_events.ids import CommandId, Micros
from headrace_events.language import Erasure, Home
from headrace_processors.commands.handle import Accepted, Refused, Repeated, handle
from headrace_processors.commands.snapshots import (
    aggregate_entry,
    answer_entry,
    counter_entries,
    dropped_entries,
    forgotten_entries,
)
from headrace_processors.commands.world import AggregateKey, Answered, World, home_key, topic_scope
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import MessageCodec, RecordCodec, ShippedSchemas
from headrace_schemas.errors import SchemaError


@dataclass(slots=True)
class _Decided:
    """One command's outcome, waiting for the offsets of its events."""

    command: CommandId
    fingerprint: str
    outcome: Accepted | Refused | Repeated
    first: int = 0


@dataclass(slots=True)
class Batch:
    """What the commands of a batch lead to: its `events`; `answers()` gives the rest."""

    events: list[Entry] = field(default_factory=list)
    decided: list[_Decided] = field(default_factory=list)
    extra: list[Entry] = field(default_factory=list)


class Batches:
    """Makes batches against one world."""

    def __init__(self, world: World, master: MasterKey) -> None:
        self._world = world
        self._master = master
        self._codec = MessageCodec()
        self._records = RecordCodec(ShippedSchemas())
        self._results = ResultCodec()
        self._acts = ActCodec()
        self._flood = Flood()

    def decide(self, records: Sequence[Record]) -> Batch:
        """Decide every command in order."""
        batch = Batch()
        for record in records:
            self._world.now = Micros(record.timestamp * 1000)
            try:
                request = read_command(record, self._codec)
            except (SchemaError, Refusal) as error:
                self._unreadable(record, error, batch)
                continue
            fingerprint = self._fingerprint(record, request)
            outcome = handle(request, fingerprint, self._world)
            decided = _Decided(request.id, fingerprint, outcome, len(batch.events))
            batch.decided.append(decided)
            if isinstance(outcome, Accepted):
                batch.events.extend(self._event(recorded) for recorded in outcome.events)
            batch.extra.extend(self._acts.entry(act) for act in self._audited(request, outcome))
        batch.extra.extend(self._acts.entry(act) for act in self._flood.ended(self._world.now))
        return batch

    def answers(self, batch: Batch, offsets: Sequence[int], topic_id: Callable[[str], str]) -> list[Entry]:
        """The rest: results, answers, snapshots and counters, where the events have these offsets."""
        entries = list(batch.extra)
        touched: dict[AggregateKey, None] = {}
        scopes: dict[str, None] = {}
        for decided in batch.decided:
            result = self._result(decided, batch, offsets, topic_id)
            entries.append(Entry(topic=RESULTS, key=decided.command.encode(), value=result))
            if isinstance(decided.outcome, Repeated):
                continue
            if isinstance(decided.outcome, Refused) and not decided.outcome.remembered:
                continue
            answered = Answered(decided.fingerprint, self._world.now, result)
            self._world.answers[decided.command] = answered
            entries.append(answer_entry(decided.command, answered))
            if isinstance(decided.outcome, Accepted):
                counted = [event for event in decided.outcome.events if event.event.home is not Home.CREDENTIALS]
                touched |= dict.fromkeys(home_key(event) for event in counted)
                scopes |= dict.fromkeys(topic_scope(event) for event in counted)
        entries.extend(aggregate_entry(key, held) for key in touched if (held := self._world.aggregates.get(key)))
        entries.extend(counter_entries(self._world, [scope for scope in scopes if scope in self._world.seqs]))
        entries.extend(dropped_entries(self._world.dropped))
        self._world.dropped.clear()
        entries.extend(forgotten_entries(self._world.forgotten()))
        return entries

    def _result(self, decided: _Decided, batch: Batch, offsets: Sequence[int], topic_id: Callable[[str], str]) -> bytes:
        outcome = decided.outcome
        if isinstance(outcome, Repeated):
            return outcome.result
        if isinstance(outcome, Refused):
            return self._results.encode(Result.refused(decided.command, outcome.refusal))
        written = [
            (event, batch.events[index].topic, offsets[index])
            for index, event in enumerate(outcome.events, decided.first)
            if event.event.home is not Home.CREDENTIALS
        ]
        last = {topic: Position(topic_id(topic), 0, offset) for _, topic, offset in written}
        return self._results.encode(
            Result(
                command_id=decided.command,
                accepted=True,
                aggregate=str(outcome.aggregate),
                version=outcome.version,
                events=tuple(event.id for event, _, _ in written),
                positions=tuple(str(position) for position in last.values()),
            )
        )

    def _event(self, recorded: Recorded) -> Entry:
        if recorded.event.home is not Home.CREDENTIALS:
            return event_entry(recorded, self._codec)
        key = recorded.event.key.encode()
        if isinstance(recorded.event, Erasure):
            return Entry(topic=CREDENTIALS, key=key, value=None)
        nonce, body = self._master.seal(self._codec.encode(recorded.event), key)
        sealed = self._records.encode(schema_id("credentials/sealed.v1.avsc"), {"nonce": nonce, "body": body})
        return Entry(topic=CREDENTIALS, key=key, value=sealed)

    def _fingerprint(self, record: Record, request: Request) -> str:
        head = f"{request.actor} {request.command.wire} {request.expected_version} ".encode()
        return self._master.fingerprint(head + (record.value or b""))

    def _audited(self, request: Request, outcome: Accepted | Refused | Repeated) -> list[Act]:
        """What the audit trail is told: what people did, and every refusal unless they come in floods.

        What processors did is not told again: it is in the events.
        """
        if isinstance(outcome, Repeated):
            return []
        command = request.command
        act = Act(
            at=self._world.now,
            actor=request.actor,
            act=command.wire,
            outcome=Outcome.ACCEPTED,
            project=getattr(command, "project", None),
            subject=str(AggregateKey(command.kind, command.scope, command.key)),
            address=request.address,
            command=request.id,
        )
        if isinstance(outcome, Refused):
            refusal = outcome.refusal
            return self._flood.take(replace(act, outcome=Outcome.REFUSED, code=refusal.code, message=refusal.message))
        return [] if request.actor.startswith("system:") else [act]

    def _unreadable(self, record: Record, error: Exception, batch: Batch) -> None:
        """Keep the bytes as a dead letter, and answer whoever may be waiting for the id."""
        headers = {
            **{f"original_{name}": text for name, text in record.headers.items()},
            "headrace_topic": record.topic,
            "headrace_position": str(record.at),
            "headrace_projection": "command-processor",
            "headrace_error": str(error)[:1000],
        }
        batch.extra.append(Entry(topic=DEAD_LETTERS, key=record.key, value=record.value, headers=headers))
        command = CommandId(record.headers.get("ce_id", ""))
        if command:
            refusal = error if isinstance(error, Refusal) else Invalid("unreadable-command", str(error))
            batch.decided.append(_Decided(command, "", Refused(refusal, remembered=False)))
