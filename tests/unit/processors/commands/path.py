"""The command path on the log in memory: sessions that own it one after the other, and what an outsider reads."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.integration.faults.history import History, Written

from headrace_broker.envelopes import command_entry, read_event
from headrace_broker.memory import MemoryLog, MemoryWriter
from headrace_broker.record import Entry, Record
from headrace_broker.results import ResultCodec
from headrace_broker.sealing import MasterKey
from headrace_broker.topics import COMMANDS, INTERNAL, RESULTS, STATE
from headrace_events.envelope import Recorded, Request
from headrace_events.ids import CommandId, uuid7
from headrace_events.language import Command
from headrace_processors.commands.batch import Batches
from headrace_processors.commands.rounds import Rounds
from headrace_processors.commands.snapshots import restore
from headrace_processors.commands.world import World
from headrace_schemas.codec import MessageCodec
from headrace_schemas.records import to_record

MASTER = MasterKey(bytes(32))
CODEC = MessageCodec()


@dataclass(slots=True)
class CommandPath:
    """The topics, and how far commands have been decided: what a group's committed offset says on Kafka."""

    log: MemoryLog = field(default_factory=MemoryLog)
    decided: int = 0
    sent: dict[CommandId, Request] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the internal topics."""
        self.log.create(*(spec.name for spec in INTERNAL))

    def send(self, command: Command, actor: str, expected: int | None = None) -> Request:
        """Put a command on the log."""
        request = Request(command=command, id=CommandId(uuid7()), actor=actor, expected_version=expected)
        self.write(command_entry(request, CODEC))
        self.sent[request.id] = request
        return request

    def write(self, entry: Entry) -> None:
        """Put any record on the log."""
        self.log.now += 1
        writer = self.log.writer("client")
        writer.begin()
        writer.write([entry])
        writer.commit_alone()

    def records(self, topic: str, start: int = 0) -> list[Record]:
        """What is committed on a topic."""
        reader = self.log.reader()
        reader.follow({self.log.partition(topic): start})
        records: list[Record] = []
        while not reader.at_end():
            records += reader.poll().records
        return records

    def session(self) -> Session:
        """Take over: the session before it can write no more."""
        writer, world = self.log.writer("command-processor"), World()
        for record in self.records(STATE):
            restore(world, record)
        return Session(self, writer, world, Batches(world, MASTER), Rounds(writer), self.decided)

    def events(self) -> dict[str, list[Recorded]]:
        """The events of each topic that has events."""
        topics = [name for name in self.log.topics if name == "headrace.platform" or name.endswith(".events")]
        return {topic: [read_event(record, CODEC) for record in self.records(topic)] for topic in topics}

    def history(self) -> History:
        """What an outsider reads."""
        outcomes: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for record in self.records(RESULTS):
            result = to_record(ResultCodec().decode(record.value or b""))
            if result["code"] != "command-id-reused":
                outcomes[result["command_id"]].append(result)
        topics = {topic: [_written(topic, one) for one in events] for topic, events in self.events().items()}
        return History(topics, outcomes)


@dataclass(slots=True)
class Session:
    """One owner of the command path; it is of no more use once another one has taken over."""

    path: CommandPath
    writer: MemoryWriter
    world: World
    batches: Batches
    rounds: Rounds
    next: int

    def write(self, limit: int) -> int:
        """Decide up to `limit` commands, no id twice, and write what follows; it is not committed yet."""
        batch: list[Record] = []
        for record in self.path.records(COMMANDS, self.next)[:limit]:
            if record.headers.get("ce_id") in {other.headers.get("ce_id") for other in batch}:
                break
            batch.append(record)
        if not batch:
            return 0
        decided = self.batches.decide(batch)
        self.writer.begin()
        self.rounds.write(
            decided.events, lambda offsets: self.batches.answers(decided, offsets, lambda topic: f"id-of-{topic}")
        )
        self.next = batch[-1].offset + 1
        return len(batch)

    def commit(self) -> None:
        """Make it visible, together with the new position."""
        self.writer.commit_alone()
        self.rounds.committed()
        self.path.decided = self.next

    def drain(self) -> None:
        """Decide everything that waits."""
        while self.write(500):
            self.commit()


def fingerprint(text: str) -> str:
    """What stands for a secret key."""
    return hashlib.sha256(text.encode()).hexdigest()


def _written(topic: str, recorded: Recorded) -> Written:
    return Written(
        topic=topic,
        position=str(recorded.at),
        aggregate=recorded.aggregate,
        id=recorded.id,
        cause=recorded.cause,
        seq=recorded.seq,
        version=recorded.version,
        type=recorded.event.wire,
        body=to_record(recorded.event),
    )
