"""The metadata feed: every event of the platform and of each project that is not closing, in order, without a gap.

Who stays asks for the topics where something happens, as the results of commands tell, once there are many topics; who
reads to the end and leaves, for all of them at once. Who is `patient` hears of an event up to a quarter of a second
later, and takes less of the brokers' time.

A project's topic is followed from `ProjectReady` and left at `ProjectClosing`: after that one, no event of the project
is handed out. The topic may be gone before its closing has been read; what cannot be read is therefore judged only
once the platform's topic has been read as far as it was then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace_broker.admin import Admin
from headrace_broker.attention import AWAKE, Attention
from headrace_broker.connection import Connection
from headrace_broker.envelopes import read_event
from headrace_broker.errors import BrokerError, Gap, Missing
from headrace_broker.follower import LEAVING_MS, STAYING_MS, Batch, Follower, Partition
from headrace_broker.results import ResultCodec
from headrace_broker.topics import PLATFORM, RESULTS, events_of
from headrace_events.envelope import Position, Recorded
from headrace_events.project import ProjectClosing, ProjectReady
from headrace_schemas.codec import MessageCodec
from headrace_schemas.errors import SchemaError

OVERLAP = 1_000
"""Results before the start of a feed that are read again: one transaction is not seen in all topics at once."""


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
        self,
        connection: Connection,
        starts: Mapping[Partition, Start] | None = None,
        *,
        stays: bool = True,
        patient: bool = False,
        awake: int = AWAKE,
    ) -> None:
        found = Admin(connection).topic_ids([PLATFORM, RESULTS])
        for topic in (PLATFORM, RESULTS):
            if topic not in found:
                raise Missing(f"{topic} does not exist: prepare the log first")
        platform, results = (Partition(topic, found[topic][0], 0) for topic in (PLATFORM, RESULTS))
        known = dict(starts or {})
        for where in known:
            if where.topic == PLATFORM and where != platform:
                raise Missing(f"{PLATFORM} is another topic ({platform.topic_id}) than the one read before")
        known.setdefault(platform, Start())
        self._follower = Follower(connection, wait_ms=STAYING_MS if stays else LEAVING_MS, alone=True, patient=patient)
        self._codec = MessageCodec()
        self._platform = platform
        self._results = results
        self._result = ResultCodec()
        self._results_due = 0
        self._attention = Attention(awake) if stays else None
        self._read = 0
        self._lost: dict[str, _Lost] = {}
        self._left: set[str] = set()
        self._seqs = {where.topic: start.seq for where, start in known.items()}
        self._follow({where: start.offset for where, start in known.items()})

    @property
    def resting(self) -> set[Partition]:
        """What is not asked for until a result names it."""
        return set(self._attention.resting) if self._attention else set()

    def poll(self, seconds: float = 0.5) -> Events:
        """What came next; raises Gap, SchemaError and BrokerError, after which the feed is of no more use."""
        batch = self._follower.poll(seconds=seconds)
        events: list[Recorded] = []
        for record in batch.records:
            if record.topic in self._left or record.topic == RESULTS:
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
        silent = self._left | {RESULTS}
        ends = {where: end for where, end in batch.ends.items() if where.topic not in silent}
        self._read = ends.get(self._platform, self._read)
        self._judge(batch.lost)
        if self._attention:
            self._attend(self._attention, batch, ends)
        return Events(events, ends)

    def _attend(self, attention: Attention, batch: Batch, ends: Mapping[Partition, int]) -> None:
        """Wake what the results name, and let rest what has been quiet for longest."""
        for record in batch.records:
            if record.topic == RESULTS and record.value is not None:
                self._told(attention, record.value)
        for where, end in ends.items():
            if where != self._platform and where not in batch.lost:
                attention.read(where, end)
        if batch.ends.get(self._results, 0) >= self._results_due:
            self._results_due = 0
        self._follower.wake(attention.wake())
        if self._follows_results:
            self._follower.rest(attention.rest(self._follower.ended))

    def _told(self, attention: Attention, result: bytes) -> None:
        """Hear where something was written; what is told in another format may have been written anywhere."""
        try:
            positions = self._result.decode(result).positions
        except SchemaError:
            self._follower.wake(attention.wake_all())
        else:
            for position in positions:
                attention.told(Position.parse(position))

    @property
    def _follows_results(self) -> bool:
        return self._follower.follows(self._results)

    def _follow(self, starts: Mapping[Partition, int]) -> None:
        """Follow these too; and the results, from when on there are so many that some may rest."""
        if self._attention:
            self._attention.follow([where for where in starts if where != self._platform])
            if self._attention.needed and not self._follows_results:
                end = self._follower.end(self._results)
                recent = end - OVERLAP
                starts = {**starts, self._results: recent if recent > self._follower.beginning(self._results) else 0}
                self._results_due = end
        self._follower.follow(starts)

    def _leave(self, topic: str) -> None:
        self._follower.leave(topic)
        if self._attention:
            self._attention.leave(topic)
        self._left.add(topic)
        self._lost.pop(topic, None)
        self._seqs.pop(topic, None)

    def _judge(self, lost: Mapping[Partition, BrokerError]) -> None:
        """Raise what made a topic unreadable, unless its project turns out to be closing."""
        for where, error in lost.items():
            if where.topic in {PLATFORM, RESULTS}:
                raise error
            if where.topic not in self._left:
                self._lost[where.topic] = _Lost(error, self._follower.end(self._platform))
            if self._attention:
                self._attention.leave(where.topic)
        for found in self._lost.values():
            if self._read >= found.until:
                raise found.error

    def has_left(self, topic: str) -> bool:
        """Whether the topic is followed no more, for its project is closing or gone."""
        return topic in self._left

    def _follow_project(self, ready: ProjectReady) -> None:
        self._follow(
            {Partition(topic.name, topic.topic_id, 0): 0 for topic in ready.topics if topic.purpose == "events"}
        )

    def seq(self, topic: str) -> int:
        """The sequence number of the last event read of a topic."""
        return self._seqs.get(topic, 0)

    def at_end(self) -> bool:
        """Whether everything that was there has been read; of results, what there was when they were first read."""
        if self._lost or self._results_due or (self._attention and self._attention.awaiting()):
            return False
        return self._follower.at_end(besides=self._results)

    def lag(self) -> int:
        """How many offsets are still to be read, as the brokers last told; never asks."""
        return self._follower.lag()

    def close(self) -> None:
        """Stop."""
        self._follower.close()
