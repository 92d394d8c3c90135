"""The metadata feed: every event of the platform and of each project that is not closing, in order, without a gap.

A project's topic is followed from `ProjectReady` and left at `ProjectClosing`: after that one, no event of the project
is handed out. The topic may be gone before its closing has been read; what cannot be read is therefore judged only
once the platform's topic has been read as far as it was then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.envelopes import read_event
from headrace_broker.errors import BrokerError, Gap, Missing
from headrace_broker.follower import STAYING_MS, Follower, Partition
from headrace_broker.topics import PLATFORM, events_of
from headrace_events.envelope import Recorded
from headrace_events.project import ProjectClosing, ProjectReady
from headrace_schemas.codec import MessageCodec


@dataclass(frozen=True, slots=True)
class Start:
    """Where to go on in a topic: the next offset, and the sequence number of the last event seen."""

    offset: int = 0
    seq: int = 0


@dataclass(slots=True)
class Events:
    """Events in order per topic, and how far each partition has been read."""

    events: list[Recorded] = field(default_factory=list)
    ends: dict[Partition, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.ends)


@dataclass(frozen=True, slots=True)
class _Lost:
    """A topic that cannot be read, why, and how far the platform's topic must be read before that is an error."""

    error: BrokerError
    until: int


class MetadataFeed:
    """Reads all metadata events; follows a project's topic as soon as ProjectReady announces it."""

    def __init__(
        self, connection: Connection, starts: Mapping[Partition, Start] | None = None, *, wait_ms: int = STAYING_MS
    ) -> None:
        found = Admin(connection).topic_ids([PLATFORM])
        if PLATFORM not in found:
            raise Missing(f"{PLATFORM} does not exist: prepare the log first")
        platform = Partition(PLATFORM, found[PLATFORM][0], 0)
        known = dict(starts or {})
        for where in known:
            if where.topic == PLATFORM and where != platform:
                raise Missing(f"{PLATFORM} is another topic ({platform.topic_id}) than the one read before")
        known.setdefault(platform, Start())
        self._follower = Follower(connection, wait_ms=wait_ms, alone=True)
        self._codec = MessageCodec()
        self._platform = platform
        self._read = 0
        self._lost: dict[str, _Lost] = {}
        self._left: set[str] = set()
        self._seqs = {where.topic: start.seq for where, start in known.items()}
        self._follower.follow({where: start.offset for where, start in known.items()})

    def poll(self, seconds: float = 0.5) -> Events:
        """What came next; raises Gap, SchemaError and BrokerError, after which the feed is of no more use."""
        batch = self._follower.poll(seconds=seconds)
        events: list[Recorded] = []
        for record in batch.records:
            if record.topic in self._left:
                continue
            recorded = read_event(record, self._codec)
            due = self._seqs.get(record.topic, 0) + 1
            if recorded.seq != due:
                raise Gap(record.topic, due, recorded.seq)
            self._seqs[record.topic] = due
            events.append(recorded)
            if isinstance(recorded.event, ProjectReady):
                self._follow_project(recorded.event)
            elif isinstance(recorded.event, ProjectClosing):
                self._leave(events_of(recorded.event.project))
        ends = {where: end for where, end in batch.ends.items() if where.topic not in self._left}
        self._read = ends.get(self._platform, self._read)
        self._judge(batch.lost)
        return Events(events, ends)

    def _leave(self, topic: str) -> None:
        self._follower.leave(topic)
        self._left.add(topic)
        self._lost.pop(topic, None)
        self._seqs.pop(topic, None)

    def _judge(self, lost: Mapping[Partition, BrokerError]) -> None:
        """Raise what made a topic unreadable, unless its project turns out to be closing."""
        for where, error in lost.items():
            if where == self._platform:
                raise error
            if where.topic not in self._left:
                self._lost[where.topic] = _Lost(error, self._follower.end(self._platform))
        for found in self._lost.values():
            if self._read >= found.until:
                raise found.error

    def has_left(self, topic: str) -> bool:
        """Whether the topic is followed no more, for its project is closing or gone."""
        return topic in self._left

    def _follow_project(self, ready: ProjectReady) -> None:
        self._follower.follow(
            {Partition(topic.name, topic.topic_id, 0): 0 for topic in ready.topics if topic.purpose == "events"}
        )

    def seq(self, topic: str) -> int:
        """The sequence number of the last event read of a topic."""
        return self._seqs.get(topic, 0)

    def at_end(self) -> bool:
        """Whether everything that was there has been read."""
        return not self._lost and self._follower.at_end()

    def lag(self) -> int:
        """How many offsets are still to be read, as the brokers last told; never asks."""
        return self._follower.lag()

    def close(self) -> None:
        """Stop."""
        self._follower.close()
