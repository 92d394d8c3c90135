"""The source of one streaming feature group: what came of it, as readings and ticks for Flink."""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import Counter

from headrace_broker.follower import Batch, Follower, Partition
from headrace_broker.record import Entry
from headrace_processors.streams.clock import Clock
from headrace_processors.streams.declared import Stream
from headrace_processors.streams.positions import Read
from headrace_processors.streams.reading import Readings
from headrace_projections.rows.fit import fit, unknown_schema
from headrace_projections.rows.groups import Groups

MOST_ROWS = 5_000
PATIENCE_S = 60.0
"""How long rows wait for a schema that nobody has announced yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What the process counts, over all its sessions."""

    readings: Counter
    rows: Counter
    late: Counter
    without_entity: Counter
    dead_letters: Counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What is to be written in one transaction with how far was read; `ends` are told by it."""

    entries: list[Entry]
    records: int
    read: Mapping[Partition, int]
    said: Mapping[Partition, str]
    ends: list[int]


@dataclass(slots=True)
class Source:
    """The source as far as it is read. `waiting` are rows whose schema is awaited, `until` then."""

    stream: Stream
    follower: Follower
    read: Read
    clock: Clock
    measures: Measures
    waiting: Batch | None = None
    until: float = 0.0

    def next(self, groups: Groups, readings: Readings) -> Passed | None:
        """What came, and the ends the source has come to by it; None while rows wait. Raises BrokerError."""
        batch = self.waiting or self.follower.poll(MOST_ROWS, 0.0)
        if batch.records and self._awaits(groups, batch):
            return None
        self.waiting = None
        entries = self._entries(groups, readings, batch)
        behind = {where.partition for where in self.follower.followed - self.follower.ended}
        ends = self.clock.due(behind)
        return Passed(
            entries=[*entries, *(readings.tick(self.stream, end) for end in ends)],
            records=len(batch.records),
            read=batch.ends if batch.records else {},
            said={where: self.clock.saying(where.partition) for where in batch.ends},
            ends=ends,
        )

    def _entries(self, groups: Groups, readings: Readings, batch: Batch) -> list[Entry]:
        """The readings of the rows that are not too late; online and offline dead-letter what is no row."""
        stream, entries = self.stream, list[Entry]()
        taken: dict[int, list[int]] = defaultdict(list)
        for rows in fit(stream.source, groups.schemas_of(stream.source), batch.records).rows:
            if rows.deleted:
                entries += readings.removals(stream, rows)
                continue
            for partition, moment, entry in readings.readings(stream, rows):
                if self.clock.late(moment):
                    self.measures.late.labels(stream.project, stream.name).inc()
                    continue
                taken[partition].append(moment)
                if entry is None:
                    self.measures.without_entity.labels(stream.project, stream.name).inc()
                else:
                    entries.append(entry)
        for partition, moments in taken.items():
            self.clock.take(partition, moments)
        self.measures.readings.inc(len(entries))
        return entries

    def _awaits(self, groups: Groups, batch: Batch) -> bool:
        """Whether rows wait for their schema, which the metadata may tell in a moment."""
        group = self.stream.source
        strange = {unknown_schema(one, lambda known: not groups.awaits(group, known)) for one in batch.records} - {None}
        now = time.monotonic()
        if not strange:
            return False
        if self.waiting is None:
            self.waiting, self.until = batch, now + PATIENCE_S
        return now < self.until
