"""Writing a long run of events into fresh tables, as fast as they can be read."""

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection, sql

from headrace_broker.feed import Start
from headrace_broker.follower import Partition
from headrace_broker.topics import PLATFORM, events_of
from headrace_events.envelope import Recorded
from headrace_projections import checkpoint
from headrace_projections.changes import Change
from headrace_projections.checkpoint import Step
from headrace_projections.folding import Folded, fold
from headrace_projections.rebuilt import Advance, Report
from headrace_projections.replay import Replay
from headrace_projections.tables import Tables, drop
from headrace_projections.writing import Writer


@dataclass(slots=True)
class Pace:
    """Counts events, and reports how fast they go, at most twice a second."""

    report: Report
    started: float = field(default_factory=time.monotonic)
    events: int = 0
    _said: float = 0.0

    def add(self, events: int, replay: Replay) -> None:
        """Count the events of a batch."""
        self.events += events
        now = time.monotonic()
        if now - self._said < 0.5:
            return
        self._said = now
        read = sum(replay.read.values())
        left = replay.lag() * self.seconds() / read if read else None
        self.report(Advance(events=self.events, events_per_second=self.events / self.seconds(), seconds_left=left))

    def seconds(self) -> float:
        """How long it has taken so far."""
        return max(time.monotonic() - self.started, 1e-6)


class Building:
    """Tables that grow in a schema of their own, empty at first."""

    def __init__(
        self, database: Connection[Any], tables: Tables, schema: str, apply: Callable[[Recorded], list[Change]]
    ) -> None:
        self._database = database
        self._apply = apply
        self._writer = Writer(schema)
        self.schema = schema
        self.reached: dict[Partition, Start] = {}
        with database.transaction():
            drop(database, schema)
            tables.make(database, schema)

    def write(self, batches: Iterable[list[Recorded]], replay: Replay, pace: Pace) -> None:
        """Write all batches: one is on its way to Postgres while the next one is read and folded."""
        with no_collection(), ThreadPoolExecutor(1) as beside:
            on_its_way: Future[None] | None = None
            for batch in batches:
                folded = fold(change for recorded in batch for change in self._apply(recorded))
                if on_its_way is not None:
                    on_its_way.result()
                on_its_way = beside.submit(self._commit, folded)
                last = {(recorded.at.topic_id, recorded.at.partition): recorded for recorded in batch}
                self.reached |= {topic_of(one): Start(one.at.offset + 1, one.seq) for one in last.values()}
                pace.add(len(batch), replay)
            if on_its_way is not None:
                on_its_way.result()

    def _commit(self, folded: Folded) -> None:
        with self._database.transaction():
            self._writer.write(self._database, folded)

    def mark(self, offsets: Mapping[Partition, int]) -> None:
        """Write the checkpoint: those offsets, and the numbers of the last events that were written here."""
        starts = {where: Start(end, self.reached.get(where, Start()).seq) for where, end in offsets.items()}
        checkpoint.move(self._database, self.schema, [Step(where, None, start) for where, start in starts.items()])

    def analyse(self) -> None:
        """Tell Postgres' planner what the tables hold now."""
        query = "SELECT tablename FROM pg_tables WHERE schemaname = %s"
        for (table,) in self._database.execute(query, (self.schema,)).fetchall():
            self._database.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(self.schema, table)))


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the cycle collector off: events and rows hold no cycles, and it would walk each batch several times."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def topic_of(recorded: Recorded) -> Partition:
    """The topic-partition that the event lies in."""
    topic = PLATFORM if recorded.project is None else events_of(recorded.project)
    return Partition(topic, recorded.at.topic_id, recorded.at.partition)
