"""All metadata events from the first one, in batches, up to a bound."""

import time
from collections.abc import Callable, Iterator
from types import TracebackType

from headrace_broker.connection import Connection
from headrace_broker.errors import Unavailable
from headrace_broker.feed import MetadataFeed
from headrace_broker.follower import Partition
from headrace_events.envelope import Recorded
from headrace_projections.checkpoint import Vector

BATCH = 5_000
SILENCE_S = 60.0


class Replay:
    """The events in order per topic. What is read beyond a bound is held for the next one."""

    def __init__(self, log: Connection) -> None:
        self._feed = MetadataFeed(log, stays=False)
        self._held: list[Recorded] = []
        self.read: dict[Partition, int] = {}

    def until(self, bound: Vector) -> Iterator[list[Recorded]]:
        """Batches of the events before that checkpoint; raises Unavailable where the log falls silent before it."""
        limits = {(where.topic_id, where.partition): start.offset for where, start in bound.items()}

        def due(recorded: Recorded) -> bool:
            return recorded.at.offset < limits.get((recorded.at.topic_id, recorded.at.partition), 0)

        def done() -> bool:
            return all(
                self.read.get(where, 0) >= start.offset or self._feed.has_left(where.topic)
                for where, start in bound.items()
            )

        return self._batches(due, done)

    def to_end(self) -> Iterator[list[Recorded]]:
        """Batches of all events until nothing more is there."""
        return self._batches(lambda _: True, self._feed.at_end)

    def _batches(self, due: Callable[[Recorded], bool], done: Callable[[], bool]) -> Iterator[list[Recorded]]:
        ready = [recorded for recorded in self._held if due(recorded)]
        self._held = [recorded for recorded in self._held if not due(recorded)]
        heard = time.monotonic()
        while not done():
            batch = self._feed.poll(1.0)
            if batch:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE_S:
                raise Unavailable(f"the log has said nothing for {SILENCE_S:.0f} s, and there must be more")
            self.read = {w: end for w, end in (self.read | batch.ends).items() if not self._feed.has_left(w.topic)}
            for recorded in batch.events:
                (ready if due(recorded) else self._held).append(recorded)
            if len(ready) >= BATCH:
                yield ready
                ready = []
        if ready:
            yield ready

    def handed_out(self) -> dict[Partition, int]:
        """The offset in each partition before which every event has been handed out."""
        held: dict[tuple[str, int], int] = {}
        for recorded in reversed(self._held):
            held[recorded.at.topic_id, recorded.at.partition] = recorded.at.offset
        return {where: held.get((where.topic_id, where.partition), end) for where, end in self.read.items()}

    def lag(self) -> int:
        """Offsets still to be read, as the brokers last told."""
        return self._feed.lag()

    def __enter__(self) -> "Replay":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._feed.close()
