"""One run of the streams process: from the newest committed positions to the first failure.

What is written and how far was read for it are committed in one transaction, and a new session fences the one before:
each row of a source becomes one reading, and each aggregate one row, whatever is killed when.
"""

import json
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from headrace_broker.connection import Connection
from headrace_broker.dead_letters import DeadLetter, DeadLetters
from headrace_broker.feed import MetadataFeed
from headrace_broker.follower import Batch, Follower
from headrace_broker.group_offsets import as_offsets
from headrace_broker.record import Entry
from headrace_broker.topics import AGGREGATES, STREAMS, TICKS
from headrace_broker.transactions import TransactionalWriter
from headrace_events.feature_group_life import FeatureGroupDeleted
from headrace_events.project import ProjectClosing
from headrace_processors.streams.aggregated import place_of, row_of
from headrace_processors.streams.clock import Clock
from headrace_processors.streams.declared import Declared, Stream
from headrace_processors.streams.errors import Unusable
from headrace_processors.streams.forgetting import Forgetting, of_definition, places_of
from headrace_processors.streams.positions import read_to
from headrace_processors.streams.reading import Readings, derived_key
from headrace_processors.streams.source import MOST_ROWS, Measures, Source
from headrace_schemas.codec import RecordCodec, ShippedSchemas

logger = logging.getLogger(__name__)

NAME = "streams"
GROUP = "headrace.streams"


@dataclass(slots=True)
class Told:
    """What was told to Flink before this session: definitions, and ends by stream."""

    definitions: set[bytes] = field(default_factory=set)
    ends: dict[bytes, set[int]] = field(default_factory=lambda: defaultdict(set))


class Session:
    """Follows the metadata, the sources of all streaming feature groups, and Flink's aggregates."""

    def __init__(self, connection: Connection, measures: Measures) -> None:
        self._connection = connection
        self._measures = measures
        self._writer = TransactionalWriter(connection, GROUP)
        self._told = told_before(connection)
        self._feed = MetadataFeed(connection, patient=True)
        self._declared = Declared()
        self._sources: dict[str, Source] = {}
        self._readings = Readings()
        self._derived = RecordCodec(ShippedSchemas())
        self._schemas = ShippedSchemas()
        self._rows = RecordCodec(self._schemas)
        self._dead = DeadLetters(connection, NAME)
        self._forgetting = Forgetting(connection)
        self._read = read_to(connection, GROUP, places_of(connection, AGGREGATES))
        self._aggregates = Follower(connection)
        self._aggregates.follow(self._read.offsets)
        self.knows = False

    def step(self, seconds: float = 0.1) -> int:
        """Learn what is new, pass on what came; the number of records. Raises BrokerError: the session is over."""
        changed: dict[str, Stream] = {}
        for recorded in self._feed.poll(0.0 if self.knows else seconds).events:
            match recorded.event:
                case ProjectClosing(project=project):
                    for stream in self._declared.forget(project):
                        self._leave(stream)
                case FeatureGroupDeleted(topic=topic):
                    gone = self._declared.remove(topic)
                    if gone is not None:
                        self._leave(gone)
                case _:
                    changed |= {stream.group.topic: stream for stream in self._declared.take(recorded)}
        for topic, stream in changed.items():
            if self._declared.streams.get(topic) is stream:
                self._open(stream)
        if not self.knows and self._feed.at_end():
            self.knows = True
            for key in self._told.definitions - {derived_key(stream) for stream in self._declared.streams.values()}:
                self._forgetting.add(key)
        if not self.knows:
            return 0
        self._forgetting.step(self._writer)
        count = sum(self._pass_on(source) for source in self._sources.values())
        return count + self._write_rows(self._aggregates.poll(MOST_ROWS, 0.0 if count else seconds))

    def caught_up(self) -> bool:
        """Whether everything that was there has been read."""
        sources = all(one.follower.at_end() and one.waiting is None for one in self._sources.values())
        quiet = self._feed.at_end() and self._aggregates.at_end() and not self._forgetting.due
        return self.knows and sources and quiet

    def _open(self, stream: Stream) -> None:
        """Follow the stream's source, from where it was left; or know it as it is now."""
        self._schemas.added[stream.schema_id] = self._declared.groups.schemas[stream.schema_id]
        there = self._sources.get(stream.group.topic)
        if there is not None:
            there.stream = stream
            there.follower.follow(dict.fromkeys(stream.source.places, 0))
            return
        key = derived_key(stream)
        if key not in self._told.definitions:
            self._write([self._readings.definition(stream)])
            self._told.definitions.add(key)
        read = read_to(self._connection, f"{GROUP}.{stream.project}.{stream.name}", stream.source.places)
        clock = Clock.resumed(
            stream.slide,
            stream.reach,
            stream.lateness,
            self._told.ends.pop(key, set()),
            {where.partition: said for where, said in read.said.items()},
        )
        follower = Follower(self._connection)
        begins = stream.source.starts
        if stream.of_topic:  # its records may be gone by its retention
            begins = {where: follower.beginning(where) for where, offset in read.offsets.items() if offset}
        follower.follow({where: max(offset, begins.get(where, 0)) for where, offset in read.offsets.items()})
        self._sources[stream.group.topic] = Source(
            stream=stream, follower=follower, read=read, clock=clock, measures=self._measures
        )
        logger.info("streaming feature group %s of %s is computed", stream.name, stream.project)

    def _leave(self, stream: Stream) -> None:
        """Let go of a stream, and take back what was derived for it."""
        source = self._sources.pop(stream.group.topic, None)
        if source is not None:
            source.follower.close()
            self._forgetting.add(derived_key(stream))

    def _pass_on(self, source: Source) -> int:
        """Rows that came as readings, and the ends that the source has come to."""
        passed = source.next(self._declared.groups, self._readings)
        if passed is None:
            return 0
        if passed.refused:
            self._dead.write(f"{source.stream.project}.deadletters", passed.refused)
            self._measures.dead_letters.labels(source.stream.project).inc(len(passed.refused))
        if passed.read:
            self._write(passed.entries, as_offsets(passed.read, passed.said), source.read.group)
        elif passed.entries:
            self._write(passed.entries)
        source.clock.told(passed.ends)
        return passed.records

    def _write_rows(self, batch: Batch) -> int:
        if not batch.records:
            return 0
        streams = {(one.project, one.name): one for one in self._declared.streams.values()}
        entries: list[Entry] = []
        for record in batch.records:
            project, name, _, _ = place_of(record)
            stream = streams.get((project, name))
            if stream is None:
                continue
            try:
                entries.append(row_of(stream, record, self._derived, self._rows))
            except Unusable as error:
                self._dead.write(f"{project}.deadletters", [DeadLetter(record=record, error=str(error))])
                self._measures.dead_letters.labels(project).inc()
        self._write(entries, as_offsets(batch.ends), self._read.group)
        self._measures.rows.inc(len(entries))
        return len(batch.records)

    def _write(self, entries: list[Entry], offsets: Any = None, group: Any = None) -> None:
        self._writer.begin()
        self._writer.write(entries)
        if offsets is None:
            self._writer.commit_alone()
        else:
            self._writer.commit(offsets, group)

    def close(self) -> None:
        """Stop; what was not committed is given up."""
        for source in self._sources.values():
            source.follower.close()
        self._forgetting.close()
        self._aggregates.close()
        self._dead.close()
        self._feed.close()


def told_before(connection: Connection) -> Told:
    """What the derived topics say was told."""
    told = Told()
    follower = Follower(connection)
    follower.follow(dict.fromkeys(places_of(connection, STREAMS, TICKS), 0))
    while not follower.at_end():
        for record in follower.poll(seconds=1.0).records:
            if record.key is None:
                continue
            if record.topic == TICKS and record.value is not None:
                told.ends[of_definition(record.key)].add(json.loads(record.key)["end_us"])
            elif record.topic == STREAMS and record.value is not None:
                told.definitions.add(record.key)
            elif record.topic == STREAMS:
                told.definitions.discard(record.key)
    follower.close()
    return told
