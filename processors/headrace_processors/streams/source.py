"""The source of one streaming feature group: what came of it, as readings and ticks for Flink."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import Counter

from headrace_broker.dead_letters import DeadLetter
from headrace_broker.follower import Batch, Follower, Partition
from headrace_broker.record import Entry
from headrace_processors.streams.clock import Clock
from headrace_processors.streams.declared import Stream
from headrace_processors.streams.positions import Read
from headrace_processors.streams.reading import Reading, Readings
from headrace_processors.streams.records import from_topic
from headrace_projections.rows.fit import fit, unknown_schema
from headrace_projections.rows.groups import Groups
from headrace_schemas.catalogue import FIRST_FREE_ID
from headrace_schemas.codec import RecordCodec, ShippedSchemas

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
    """What is to be written in one transaction with how far was read; `ends` are told by it.

    `refused` are dead letters: of rows the stores write them, of a topic's records nobody else does.
    """

    entries: list[Entry]
    records: int
    read: Mapping[Partition, int]
    said: Mapping[Partition, str]
    ends: list[int]
    refused: list[DeadLetter]


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
    codec: RecordCodec | None = None

    def next(self, groups: Groups, readings: Readings) -> Passed | None:
        """What came, and the ends the source has come to by it; None while rows wait. Raises BrokerError."""
        batch = self.waiting or self.follower.poll(MOST_ROWS, 0.0)
        if batch.records and self._awaits(groups, batch):
            return None
        self.waiting = None
        refused: list[DeadLetter] = []
        entries = self._entries(groups, readings, batch, refused)
        behind = {where.partition for where in self.follower.followed - self.follower.ended}
        ends = self.clock.due(behind)
        return Passed(
            entries=[*entries, *(readings.tick(self.stream, end) for end in ends)],
            records=len(batch.records),
            read=batch.ends if batch.records else {},
            said={where: self.clock.saying(where.partition) for where in batch.ends},
            ends=ends,
            refused=refused,
        )

    def _entries(self, groups: Groups, readings: Readings, batch: Batch, refused: list[DeadLetter]) -> list[Entry]:
        """The readings of what is not too late; what is no row of a group, online and offline dead-letter."""
        stream, removals, made = self.stream, list[Entry](), list[Reading]()
        if stream.of_topic:
            made += from_topic(stream, batch.records, self._decoding(groups), readings, refused)
        else:
            for rows in fit(stream.source, groups.schemas_of(stream.source), batch.records).rows:
                if rows.deleted:
                    removals += readings.removals(stream, rows)
                else:
                    made += readings.readings(stream, rows)
        entries = [*removals, *self._timely(made)]
        self.measures.readings.inc(len(entries))
        return entries

    def _timely(self, made: Iterable[Reading]) -> Iterator[Entry]:
        """Those that are not too late, of which the clock is told; of an entity's they are passed on."""
        stream = self.stream
        taken: dict[int, list[int]] = defaultdict(list)
        for partition, moment, entry in made:
            if self.clock.late(moment):
                self.measures.late.labels(stream.project, stream.name).inc()
                continue
            taken[partition].append(moment)
            if entry is None:
                self.measures.without_entity.labels(stream.project, stream.name).inc()
            else:
                yield entry
        for partition, moments in taken.items():
            self.clock.take(partition, moments)

    def _decoding(self, groups: Groups) -> RecordCodec:
        """What reads records by whatever schemas are known."""
        if self.codec is None:
            self.codec = RecordCodec(ShippedSchemas(added=groups.schemas))
        return self.codec

    def _awaits(self, groups: Groups, batch: Batch) -> bool:
        """Whether rows wait for their schema, which the metadata may tell in a moment."""
        strange = {unknown_schema(one, lambda known: self._knows(groups, known)) for one in batch.records} - {None}
        now = time.monotonic()
        if not strange:
            return False
        if self.waiting is None:
            self.waiting, self.until = batch, now + PATIENCE_S
        return now < self.until

    def _knows(self, groups: Groups, schema_id: int) -> bool:
        if self.stream.of_topic:
            return schema_id < FIRST_FREE_ID or schema_id in groups.schemas
        return not groups.awaits(self.stream.source, schema_id)
