"""How far a source was read, kept by the brokers as a group's offsets and moved in the same transaction.

Beside each offset the brokers keep a word of ours: the newest event time of the partition up to there. The groups have
no members; each is only a name under which a transaction puts its offsets.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from headrace_broker.admin import translated
from headrace_broker.connection import Connection
from headrace_broker.follower import Partition

SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The next offset of each partition, what was said with it, and what a transaction needs to move them."""

    offsets: Mapping[Partition, int]
    said: Mapping[Partition, str]
    group: Any

    def offsets_for(self, ends: Mapping[Partition, int], said: Mapping[Partition, str]) -> list[TopicPartition]:
        """Next offsets as a transaction takes them."""
        return [
            TopicPartition(where.topic, where.partition, offset, metadata=said.get(where, ""))
            for where, offset in ends.items()
        ]


def read_to(connection: Connection, group: str, partitions: Iterable[Partition]) -> Read:
    """How far the group's name was read to; from the beginning where it was not yet. Raises BrokerError."""
    consumer = Consumer(
        {
            **connection.librdkafka(),
            "group.id": group,
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    by_name = {(where.topic, where.partition): where for where in partitions}
    try:
        found = consumer.committed([TopicPartition(*name) for name in by_name], timeout=SECONDS)
        offsets = {by_name[one.topic, one.partition]: max(one.offset, 0) for one in found}
        said = {by_name[one.topic, one.partition]: str(one.metadata or "") for one in found}
        return Read(offsets=offsets, said=said, group=consumer.consumer_group_metadata())
    except KafkaException as error:
        raise translated(error) from error
    finally:
        consumer.close()
