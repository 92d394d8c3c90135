"""What travels with a command and with an event: who, why, where in the order."""

from dataclasses import dataclass, field

from headrace_events.ids import CommandId, EventId, Micros
from headrace_events.language import Command, Event


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A record's place in the log. The topic id (not its name) makes a re-created topic a different place."""

    topic_id: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic_id}:{self.partition}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read `<topic id>:<partition>:<offset>`; raises ValueError."""
        topic_id, partition, offset = text.rsplit(":", 2)
        return cls(topic_id, int(partition), int(offset))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A command with the actor who sends it.

    `actor` is `user:<name>` or `system:<processor>`; `expected_version`, where given, must be the aggregate's;
    `address` is where the wish came from, for the audit trail alone.
    """

    command: Command
    id: CommandId
    actor: str
    expected_version: int | None = None
    trace: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event as the log holds it.

    `seq` counts 1, 2, … in its topic, `version` counts 1, 2, … in its aggregate, `cause` is the command's id,
    `project` is None on the platform's topic, and `time` is when the log took it.
    """

    event: Event
    id: EventId
    project: str | None
    seq: int
    version: int
    actor: str
    cause: CommandId
    time: Micros = field(default=Micros(0))
    run: str | None = None
    at: Position = field(default=Position("", 0, -1))

    @property
    def aggregate(self) -> str:
        """`<kind>/<key>`, unique within the project (or the platform)."""
        return f"{self.event.kind}/{self.event.key}"
