"""A log in memory, for unit tests: one partition a topic, transaction markers that take offsets, fencing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headrace_broker.errors import BrokerError, Missing
from headrace_broker.follower import Batch, Partition
from headrace_broker.record import Entry, Record


@dataclass(slots=True, eq=False)
class _Transaction:
    """A transaction, and what became of it."""

    touched: set[str] = field(default_factory=set)
    open: bool = True
    committed: bool = False


@dataclass(slots=True)
class _Slot:
    """One offset of a topic: a record, or the marker that ends a transaction (entry None)."""

    entry: Entry | None
    transaction: _Transaction
    timestamp: int


@dataclass(slots=True)
class MemoryLog:
    """The topics and who may write to them now. `now` is the log's clock, in milliseconds."""

    topics: dict[str, list[_Slot]] = field(default_factory=dict)
    now: int = 0
    _writers: dict[str, "MemoryWriter"] = field(default_factory=dict)

    def create(self, *names: str) -> None:
        """Make topics."""
        for name in names:
            self.topics.setdefault(name, [])

    def partition(self, topic: str) -> Partition:
        """The one partition of a topic."""
        return Partition(topic, f"id-of-{topic}", 0)

    def writer(self, transactional_id: str) -> "MemoryWriter":
        """A writer under that id; the one before it is fenced, and its open transaction aborted."""
        earlier = self._writers.get(transactional_id)
        if earlier is not None:
            earlier.fence()
        self._writers[transactional_id] = MemoryWriter(self)
        return self._writers[transactional_id]

    def reader(self) -> "MemoryReader":
        """A reader of committed records."""
        return MemoryReader(self)

    def slots(self, topic: str) -> list[_Slot]:
        """The offsets of a topic; raises Missing."""
        if topic not in self.topics:
            raise Missing(f"topic {topic} does not exist")
        return self.topics[topic]


class MemoryWriter:
    """One transaction at a time."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        self._transaction: _Transaction | None = None
        self._fenced = False

    def begin(self) -> None:
        """Open a transaction."""
        self._must_live()
        if self._transaction is not None:
            raise BrokerError("a transaction is open already")
        self._transaction = _Transaction()

    def write(self, entries: Sequence[Entry]) -> list[int]:
        """Write within the transaction; return the offsets."""
        transaction = self._current()
        offsets = []
        for entry in entries:
            slots = self._log.slots(entry.topic)
            offsets.append(len(slots))
            slots.append(_Slot(entry, transaction, self._log.now))
            transaction.touched.add(entry.topic)
        return offsets

    def commit_alone(self) -> None:
        """Make the transaction's records visible."""
        self._end(committed=True)

    def abort(self) -> None:
        """Make sure that the transaction's records are never visible."""
        self._end(committed=False)

    def fence(self) -> None:
        """End this writer: another one has taken its id."""
        if self._transaction is not None:
            self._end(committed=False)
        self._fenced = True

    def _end(self, *, committed: bool) -> None:
        transaction = self._current()
        transaction.open, transaction.committed = False, committed
        for topic in transaction.touched:
            self._log.slots(topic).append(_Slot(None, transaction, self._log.now))
        self._transaction = None

    def _current(self) -> _Transaction:
        self._must_live()
        if self._transaction is None:
            raise BrokerError("no transaction is open")
        return self._transaction

    def _must_live(self) -> None:
        if self._fenced:
            raise BrokerError("another writer has taken the transactional id")


class MemoryReader:
    """Reads up to the first record of an open transaction."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        self._next: dict[Partition, int] = {}

    def follow(self, starts: Mapping[Partition, int]) -> None:
        """Follow these partitions too, each from that offset."""
        for where, offset in starts.items():
            self._next.setdefault(where, offset)

    def leave(self, topic: str) -> None:
        """Follow no partition of this topic any more."""
        self._next = {where: offset for where, offset in self._next.items() if where.topic != topic}

    def end(self, where: Partition) -> int:
        """The next offset the log will give out there."""
        return len(self._log.slots(where.topic))

    def poll(self, limit: int = 5_000, seconds: float = 0.5) -> Batch:
        """The next records; nothing ever comes later, so it never waits."""
        batch = Batch()
        for where, start in self._next.items():
            slots = self._log.slots(where.topic)
            stop = min(self._stable(where), start + limit)
            for offset in range(start, stop):
                slot = slots[offset]
                if slot.entry is not None and slot.transaction.committed:
                    batch.records.append(_record(where, offset, slot.entry, slot.timestamp))
            if stop > start:
                batch.ends[where] = self._next[where] = stop
        return batch

    def _stable(self, where: Partition) -> int:
        slots = self._log.slots(where.topic)
        return next((offset for offset, slot in enumerate(slots) if slot.transaction.open), len(slots))

    def at_end(self) -> bool:
        """Whether everything that was there has been read."""
        return all(offset >= self._stable(where) for where, offset in self._next.items())

    def close(self) -> None:
        """Stop."""
        self._next.clear()


def _record(where: Partition, offset: int, entry: Entry, timestamp: int) -> Record:
    return Record(
        topic=where.topic,
        topic_id=where.topic_id,
        partition=where.partition,
        offset=offset,
        key=entry.key,
        value=entry.value,
        headers=dict(entry.headers),
        timestamp=timestamp,
    )
