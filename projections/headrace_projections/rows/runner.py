"""Rows from the log into a store: one loop for all groups of all projects, in which none can stop another."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace_broker.connection import Connection
from headrace_broker.dead_letters import DeadLetter, DeadLetters
from headrace_broker.feed import MetadataFeed
from headrace_broker.follower import Batch, Follower, Partition
from headrace_broker.record import Record
from headrace_events.feature_group_life import FeatureGroupDeleted
from headrace_events.project import ProjectClosing
from headrace_projections.errors import Superseded
from headrace_projections.rows.fit import fit, unknown_schema
from headrace_projections.rows.groups import Group, Groups
from headrace_projections.rows.measures import Measures
from headrace_projections.rows.target import Target

logger = logging.getLogger("headrace.rows")

SCHEMA_PATIENCE_S = 60.0
"""How long a partition waits for a schema that nobody has announced yet."""
MOST_ROWS = 10_000
_LONGEST_PAUSE_S = 10.0


@dataclass(slots=True)
class _Paused:
    """A partition that waits for a schema."""

    schema_id: int
    offset: int
    until: float


@dataclass(slots=True)
class _Failing:
    """A group that could not be written, and when it is tried again."""

    group: Group
    again: float
    pause: float


@dataclass(slots=True)
class _Session:
    """What is known of each topic and partition."""

    groups: Groups = field(default_factory=Groups)
    positions: dict[Partition, int] = field(default_factory=dict)
    paused: dict[Partition, _Paused] = field(default_factory=dict)
    failing: dict[str, _Failing] = field(default_factory=dict)
    given_up: set[tuple[str, int]] = field(default_factory=set)


class RowRunner:
    """Follows the metadata to learn of groups, and their topics to fill the target."""

    def __init__(
        self, connection: Connection, target: Target, measures: Measures, schema_patience_s: float = SCHEMA_PATIENCE_S
    ) -> None:
        self._target = target
        self._patience = schema_patience_s
        self._feed = MetadataFeed(connection, patient=True)
        self._follower = Follower(connection, alone=True)
        self._dead = DeadLetters(connection, target.name)
        self._now = _Session()
        self._measures = measures

    def step(self, seconds: float = 0.05) -> int:
        """Learn of new groups, write what came, do what time asks for; the number of records that came."""
        self._learn()
        batch = self._follower.poll(MOST_ROWS, seconds)
        for topic, (records, ends) in _by_topic(batch).items():
            self._take(self._now.groups.by_topic[topic], records, ends)
        for where, error in batch.lost.items():
            self._set_aside(self._now.groups.by_topic[where.topic], error)
        self._try_again()
        for topic, trouble in self._target.tick().items():
            self._went_wrong(self._now.groups.by_topic[topic], trouble)
        self._measure(batch)
        return len(batch.records)

    def caught_up(self) -> bool:
        """Whether everything that was there has been read."""
        quiet = not self._now.paused and not self._now.failing
        return quiet and self._feed.at_end() and self._follower.at_end()

    def _learn(self) -> None:
        """Let go of what the metadata says is no more, and open what is new, or cleared, and still there."""
        ready: list[Group] = []
        for recorded in self._feed.poll(0.0).events:
            self._target.learn(recorded, self._now.groups)
            match recorded.event:
                case ProjectClosing(project=project):
                    self._forget(project)
                case FeatureGroupDeleted(topic=topic):
                    self._remove(topic)
                case _:
                    group = self._now.groups.take(recorded)
                    ready += [group] if group is not None else []
        for group in ready:
            if self._now.groups.by_topic.get(group.topic) is group and self._target.wants(group):
                self._leave(group)
                self._open(group)

    def _forget(self, project: str) -> None:
        """Let go of a project that is closing, and remove what the target has of it."""
        for group in self._now.groups.forget(project):
            self._let_go(group)
        self._target.forget(project)

    def _remove(self, topic: str) -> None:
        """Let go of a group that is deleted, and remove what the target has of it."""
        group = self._now.groups.remove(topic)
        if group is not None and self._target.wants(group):
            self._let_go(group)
            self._target.remove(group)

    def _let_go(self, group: Group) -> None:
        self._leave(group)
        self._now.failing.pop(group.topic, None)
        for where in group.places:
            self._now.positions.pop(where, None)

    def _open(self, group: Group) -> None:
        try:
            starts = self._target.open(group)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one group leaves the others alone
            self._set_aside(group, error)
            return
        self._now.failing.pop(group.topic, None)
        self._now.positions |= starts
        self._follower.follow(starts)

    def _take(self, group: Group, records: list[Record], ends: dict[Partition, int]) -> None:
        due = {where.partition: self._now.positions[where] for where in ends}
        records = [record for record in records if record.offset >= due[record.partition]]
        records = self._pause_at_unknown_schemas(group, records, ends)
        fitted = fit(group, self._now.groups.schemas_of(group), records)
        try:
            if fitted.refused:
                letters = [DeadLetter(record=found.record, error=found.reason) for found in fitted.refused]
                self._dead.write(f"{group.project}.deadletters", letters)
            self._target.write(group, fitted, ends)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one group leaves the others alone
            self._went_wrong(group, error)
            return
        self._now.positions |= ends
        self._measures.rows.inc(sum(len(rows) for rows in fitted.rows))
        if fitted.refused:
            self._measures.dead_letters.labels(group.project).inc(len(fitted.refused))

    def _pause_at_unknown_schemas(
        self, group: Group, records: list[Record], ends: dict[Partition, int]
    ) -> list[Record]:
        """Stop each partition before its first record of a schema that is awaited; the records before those."""
        heads = {record.value[:5] for record in records if record.value is not None}
        groups = self._now.groups
        first: dict[Partition, _Paused] = {}
        strange = {head for head in heads if self._strange(group, head)}
        if not strange:
            return records
        for record in records:
            where = _place(record)
            if record.value is None or where in first or record.value[:5] not in strange:
                continue
            schema_id = unknown_schema(record, lambda number: not groups.awaits(group, number))
            if schema_id is not None:
                first[where] = _Paused(schema_id, record.offset, time.monotonic() + self._patience)
        for where, pause in first.items():
            logger.warning("%s[%s] waits for schema %s", where.topic, where.partition, pause.schema_id)
            self._follower.leave(where.topic, where.partition)
            ends[where] = pause.offset
        self._now.paused |= first
        stops = {where.partition: end for where, end in ends.items()}
        return [record for record in records if record.offset < stops[record.partition]]

    def _strange(self, group: Group, head: bytes) -> bool:
        if len(head) < 5 or head[0] != 0:
            return False
        schema_id = int.from_bytes(head[1:5])
        return self._now.groups.awaits(group, schema_id) and (group.topic, schema_id) not in self._now.given_up

    def _went_wrong(self, group: Group, error: Exception) -> None:
        if isinstance(error, Superseded):
            logger.warning("%s: %s", group.topic, error)
            self._leave(group)
            self._open(group)
        else:
            self._set_aside(group, error)

    def _set_aside(self, group: Group, error: Exception) -> None:
        before = self._now.failing.get(group.topic)
        pause = min(before.pause * 2, _LONGEST_PAUSE_S) if before else 0.1
        logger.error("%s is tried again in %.1f s: %s", group.topic, pause, error, exc_info=error)
        self._leave(group)
        self._now.failing[group.topic] = _Failing(group, time.monotonic() + pause, pause)

    def _leave(self, group: Group) -> None:
        self._follower.leave(group.topic)
        for where in group.places:
            self._now.paused.pop(where, None)

    def _try_again(self) -> None:
        now = time.monotonic()
        for failing in [one for one in self._now.failing.values() if one.again <= now]:
            self._open(failing.group)
        for where, pause in list(self._now.paused.items()):
            known = not self._now.groups.awaits(self._now.groups.by_topic[where.topic], pause.schema_id)
            if known or pause.until <= now:
                if not known:
                    self._now.given_up.add((where.topic, pause.schema_id))
                del self._now.paused[where]
                self._follower.follow({where: self._now.positions[where]})

    def _measure(self, batch: Batch) -> None:
        self._measures.failing.set(len(self._now.failing))
        self._measures.paused.set(len(self._now.paused))
        if batch.records:
            self._measures.behind.set(max(0.0, time.time() - batch.records[-1].timestamp / 1000))
        elif self._follower.at_end():
            self._measures.behind.set(0)

    def close(self) -> None:
        """Stop."""
        self._target.close()
        self._dead.close()
        self._follower.close()
        self._feed.close()


def _place(record: Record) -> Partition:
    return Partition(record.topic, record.topic_id, record.partition)


def _by_topic(batch: Batch) -> Mapping[str, tuple[list[Record], dict[Partition, int]]]:
    topics: dict[str, tuple[list[Record], dict[Partition, int]]] = {}
    for where, end in batch.ends.items():
        topics.setdefault(where.topic, ([], {}))[1][where] = end
    for record in batch.records:
        topics[record.topic][0].append(record)
    return topics
