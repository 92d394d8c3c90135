"""Following topic-partitions from given offsets: no group, no rebalance, nothing skipped."""

import contextlib
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from headrace_broker.acls import NO_GROUP
from headrace_broker.admin import translated
from headrace_broker.connection import Connection
from headrace_broker.errors import BrokerError, Missing
from headrace_broker.record import Headers, Record, read_headers

STAYING_MS = 250
"""For how long the brokers may hold back the question of one who follows for as long as the process lives."""
LEAVING_MS = 10
"""For how long that of one who reads to the end and leaves."""
PATIENT_BYTES = 65_536
"""For so much the brokers may hold back the question of one who is in no hurry."""
FEW = 3
"""New topics that are asked for one by one; for more, the brokers are asked for all they have."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition of one topic; the topic id tells a re-created topic from the one it replaced."""

    topic: str
    topic_id: str
    partition: int


@dataclass(slots=True)
class Batch:
    """Records in log order per partition; `ends` is the next offset of each partition that moved, markers included.

    `lost` are partitions that cannot be read any more and are not followed from now on (`alone` followers only).
    """

    records: list[Record] = field(default_factory=list)
    ends: dict[Partition, int] = field(default_factory=dict)
    lost: dict[Partition, BrokerError] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.ends or self.lost)


class Follower:
    """Reads committed records of the partitions it was told to follow.

    Where there is nothing new, the brokers hold its question back for `wait_ms` and answer as soon as there is: a long
    wait delays no record. It delays what only the next question tells: that an end is reached, and what lies in a
    partition that is followed from now on. Who reads to an end and leaves asks often, who stays asks rarely. For one
    who is `patient` they hold it back until there is much, for no longer than that: where many records come, one by
    one, they are asked a few times a second, and not for each.

    After the first record of a batch it gathers others for `gather_s` seconds; 0 hands on at once what is there.
    `alone` says that a partition which cannot be read leaves the others alone: it is reported as lost, not raised.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        wait_ms: int = STAYING_MS,
        gather_s: float = 0.003,
        alone: bool = False,
        patient: bool = False,
    ) -> None:
        self._gather_s = gather_s
        self._alone = alone
        self._consumer = Consumer(
            {
                **connection.librdkafka(),
                "group.id": NO_GROUP,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": wait_ms,
                "fetch.min.bytes": PATIENT_BYTES if patient else 1,
                "fetch.error.backoff.ms": 50,
                "fetch.queue.backoff.ms": 20,
                "queued.max.messages.kbytes": 16_384,
            }
        )
        self._followed: dict[tuple[str, int], Partition] = {}
        self._at_end: set[Partition] = set()
        self._unknown: set[str] = set()

    @property
    def ended(self) -> set[Partition]:
        """What was at its end when last heard of."""
        return set(self._at_end)

    @property
    def followed(self) -> set[Partition]:
        """What is followed now."""
        return set(self._followed.values())

    def follows(self, where: Partition) -> bool:
        """Whether it is followed now."""
        return self._followed.get((where.topic, where.partition)) == where

    def follow(self, starts: Mapping[Partition, int]) -> None:
        """Follow these partitions too, each from that offset (0: from the beginning, wherever that now is)."""
        new = {
            where: offset for where, offset in starts.items() if (where.topic, where.partition) not in self._followed
        }
        if not new:
            return
        if self._followed:
            self._unknown |= {where.topic for where in new}
        self._consumer.incremental_assign(
            [TopicPartition(where.topic, where.partition, offset or OFFSET_BEGINNING) for where, offset in new.items()]
        )
        self._followed |= {(where.topic, where.partition): where for where in new}

    def _look_up(self) -> None:
        """Ask where topics lie that are followed from now on; by itself the client asks for new ones once a second.

        The brokers answer after the question for records that waits there: many topics are asked for at once.
        """
        topics: Collection[str | None] = self._unknown if len(self._unknown) <= FEW else (None,)
        with contextlib.suppress(KafkaException):  # then it asks by itself, and says what it finds
            for topic in topics:
                self._consumer.list_topics(topic, timeout=1.0)
        self._unknown = set()

    def end(self, where: Partition) -> int:
        """The next offset the log will give out there; raises Unavailable."""
        return self._watermarks(where)[1]

    def beginning(self, where: Partition) -> int:
        """The first offset that the log still has there; raises Unavailable."""
        return self._watermarks(where)[0]

    def _watermarks(self, where: Partition) -> tuple[int, int]:
        try:
            return self._consumer.get_watermark_offsets(TopicPartition(where.topic, where.partition), timeout=10.0)
        except KafkaException as error:
            raise translated(error) from error

    def leave(self, topic: str, partition: int | None = None) -> None:
        """Follow no partition (or not this one) of the topic any more."""
        gone = [key for key in self._followed if key[0] == topic and partition in {None, key[1]}]
        self._consumer.incremental_unassign([TopicPartition(*key) for key in gone])
        for key in gone:
            self._at_end.discard(self._followed.pop(key))

    def rest(self, partitions: Collection[Partition]) -> None:
        """Ask for these no more until they are woken; of what is followed they stay a part."""
        if partitions:
            self._consumer.pause([TopicPartition(where.topic, where.partition) for where in partitions])

    def wake(self, partitions: Collection[Partition]) -> None:
        """Ask for these again, from where they were read to; none of them is at its end until it is heard of again."""
        if partitions:
            self._consumer.resume([TopicPartition(where.topic, where.partition) for where in partitions])
            self._at_end -= set(partitions)

    def poll(self, limit: int = 5_000, seconds: float = 0.5) -> Batch:
        """The next records, as soon as there is one; empty after that many seconds. Raises BrokerError."""
        batch = Batch()
        if not self._followed:
            time.sleep(min(seconds, 0.02))
            return batch
        if self._unknown:
            self._look_up()
        first = self._consumer.poll(seconds)
        if first is not None:
            self._take([first, *self._consumer.consume(limit, self._gather_s)], batch)
        return batch

    def _take(self, messages: Sequence[Message], batch: Batch) -> None:
        """Hand on what came. What is the same of many records, one after the other, is worked out once."""
        spelled: dict[tuple[Any, ...], Headers] = {}
        records, followed = batch.records, self._followed
        where: Partition | None = None
        end = 0
        for message in messages:
            if message.error() is not None:
                self._passed(where, end, batch)
                where = None
                self._told(message, batch)
                continue
            place = followed.get((message.topic(), message.partition()))  # type: ignore[arg-type] # a record has both
            if place is not where:
                self._passed(where, end, batch)
                where = place
            if place is None:
                continue
            raw = tuple(message.headers() or ())
            headers = spelled.get(raw)
            if headers is None:
                headers = spelled[raw] = read_headers(raw)  # type: ignore[arg-type] # stubs widen the pairs
            offset: int = message.offset()  # type: ignore[assignment] # a record has one
            end = offset + 1
            key, value, time_of = message.key(), message.value(), message.timestamp()[1]
            records.append(Record(place.topic, place.topic_id, place.partition, offset, key, value, headers, time_of))
        self._passed(where, end, batch)

    def _passed(self, where: Partition | None, end: int, batch: Batch) -> None:
        """Records of the partition were handed on, up to that offset."""
        if where is not None:
            batch.ends[where] = end
            self._at_end.discard(where)

    def _told(self, message: Message, batch: Batch) -> None:
        """Take what is no record: that an end is reached, or what went wrong."""
        error = message.error()
        assert error is not None  # noqa: S101 - it is asked for nothing else
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        if topic is None or partition is None:
            if error.fatal():
                raise translated(KafkaException(error))
            return
        where = self._followed.get((topic, partition))
        if where is None:
            return
        if error.code() == KafkaError._PARTITION_EOF and offset is not None:
            batch.ends[where] = offset
            self._at_end.add(where)
            return
        if error.retriable() or error.code() in {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN}:
            return
        loss: BrokerError = translated(KafkaException(error))
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            loss = Missing(f"{topic}[{partition}]: the log no longer holds the offset asked for: {error.str()}")
        if not self._alone:
            raise loss
        batch.lost[where] = loss
        self.leave(topic, partition)

    def at_end(self, besides: Partition | None = None) -> bool:
        """Whether every followed partition (but that one) was at its end when last heard of."""
        return self._at_end >= set(self._followed.values()) - {besides}

    def lag(self) -> int:
        """Offsets between what was handed out and the ends of the log, as the brokers last told them; never asks."""
        behind = [TopicPartition(*key) for key, where in self._followed.items() if where not in self._at_end]
        count = 0
        for place in self._consumer.position(behind) if behind else []:
            _, end = self._consumer.get_watermark_offsets(place, cached=True)
            count += max(0, end - max(0, place.offset))
        return count

    def close(self) -> None:
        """Stop."""
        self._consumer.close()
