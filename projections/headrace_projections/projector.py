"""Metadata events into Postgres: each batch and its checkpoint in one transaction, from a start to the first failure.

A session never repairs itself. Whatever goes wrong, the transaction is rolled back and the next session goes on from
the stored checkpoint; so nothing is skipped and nothing is applied twice.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

from headrace_broker.connection import Connection as LogConnection
from headrace_broker.feed import MetadataFeed, Start
from headrace_broker.follower import Partition
from headrace_events.envelope import Recorded
from headrace_events.ids import Micros
from headrace_events.project import ProjectReady
from headrace_projections import checkpoint
from headrace_projections.changes import Change
from headrace_projections.checkpoint import Step
from headrace_projections.folding import fold
from headrace_projections.postgres import connect, translated
from headrace_projections.tables import Tables, lock_to_project
from headrace_projections.writing import Writer

MARKERS_S = 1.0
"""How long a checkpoint may stand before markers alone: they change nothing that anybody waits for."""


@dataclass(slots=True)
class Progress:
    """Where a session is: offsets still to be read, whether it is at the end, and when the log took the last event."""

    lag: int = 0
    at_end: bool = False
    last: Micros | None = None


class Session:
    """One projector of one projection, until something fails or it is closed."""

    def __init__(self, log: LogConnection, dsn: str, tables: Tables, apply: Callable[[Recorded], list[Change]]) -> None:
        self.progress = Progress()
        self._tables = tables
        self._apply = apply
        self._writer = Writer(tables.name)
        self._read: dict[Partition, int] = {}
        self._stored = time.monotonic()
        self._database = connect(dsn, f"projector {tables.name}")
        try:
            with translated():
                self._database.execute("SET lock_timeout TO '10s'")
                tables.make_live(self._database)
                self._known = checkpoint.read(self._database, tables.name)
            self._feed = MetadataFeed(log, self._known)
        except BaseException:
            self._database.close()
            raise

    def step(self, seconds: float = 0.5) -> int:
        """Project what comes next; return how many events. Raises ProjectionError, BrokerError and SchemaError."""
        batch = self._feed.poll(seconds)
        self._read |= batch.ends
        if batch.events or (self._read and time.monotonic() - self._stored > MARKERS_S):
            self._commit(batch.events)
        self.progress.lag = self._feed.lag()
        self.progress.at_end = self._feed.at_end()
        return len(batch.events)

    def _commit(self, events: Sequence[Recorded]) -> None:
        steps = steps_of(self._known, self._read, events)
        folded = fold(change for recorded in events for change in self._apply(recorded))
        if steps:
            with translated(), self._database.transaction():
                lock_to_project(self._database, self._tables.name)
                checkpoint.move(self._database, self._tables.name, steps)
                self._writer.write(self._database, folded)
        self._known = checkpoint.after(self._known, steps)
        self._read.clear()
        self._stored = time.monotonic()
        if events:
            self.progress.last = max(recorded.time for recorded in events)

    def close(self) -> None:
        """Let go of the log and the database."""
        self._feed.close()
        self._database.close()

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def steps_of(known: Mapping[Partition, Start], read: Mapping[Partition, int], events: Iterable[Recorded]) -> list[Step]:
    """How the checkpoint moves once `read` is read and `events` are applied.

    A project that became ready gets its row at once, so that whoever starts from this checkpoint follows its topic;
    one that is closing loses it.
    """
    events = list(events)
    seqs = {(where.topic_id, where.partition): start.seq for where, start in known.items()}
    new: dict[Partition, Start] = {}
    for recorded in events:
        seqs[recorded.at.topic_id, recorded.at.partition] = recorded.seq
        if isinstance(recorded.event, ProjectReady):
            new |= {where: Start() for where in event_topics(recorded.event)}
    closed = checkpoint.closed_topics(events)
    steps = checkpoint.let_go(known, closed)
    for where, start in {**new, **{where: Start(end) for where, end in read.items()}}.items():
        before = known.get(where)
        if where.topic not in closed and (before is None or before.offset != start.offset):
            seq = seqs.get((where.topic_id, where.partition), 0)
            steps.append(Step(where, before, Start(start.offset, seq)))
    return steps


def event_topics(ready: ProjectReady) -> list[Partition]:
    """The topics of a ready project that carry its events."""
    return [Partition(topic.name, topic.topic_id, 0) for topic in ready.topics if topic.purpose == "events"]
