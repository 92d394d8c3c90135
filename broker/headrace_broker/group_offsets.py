"""How far somebody has read, kept by the brokers as the offsets of a group and moved in that one's transactions.

The group has no members: nobody subscribes, so nothing is ever rebalanced. It is only the name under which a
transaction puts its offsets, and beside each, where wanted, a word.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from headrace_broker.admin import translated
from headrace_broker.connection import Connection
from headrace_broker.follower import Partition

SECONDS = 15.0


class GroupOffsets:
    """The offsets of one group."""

    def __init__(self, connection: Connection, group: str) -> None:
        self._consumer = Consumer(
            {
                **connection.librdkafka(),
                "group.id": group,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
            }
        )

    def committed(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """The next offset of each; 0 where nothing was read yet. Raises BrokerError."""
        return {where: offset for where, (offset, _) in self.said(partitions).items()}

    def said(self, partitions: Iterable[Partition]) -> Mapping[Partition, tuple[int, str]]:
        """The same, each with the word that was put beside it, or an empty one. Raises BrokerError."""
        by_name = {(where.topic, where.partition): where for where in partitions}
        asked = [TopicPartition(*name) for name in by_name]
        try:
            found = self._consumer.committed(asked, timeout=SECONDS)
        except KafkaException as error:
            raise translated(error) from error
        return {by_name[one.topic, one.partition]: (max(one.offset, 0), str(one.metadata or "")) for one in found}

    def group(self) -> Any:
        """What a transaction needs to put offsets under the group's name."""
        return self._consumer.consumer_group_metadata()

    def close(self) -> None:
        """Stop."""
        self._consumer.close()


def as_offsets(ends: Mapping[Partition, int], said: Mapping[Partition, str] | None = None) -> list[TopicPartition]:
    """Next offsets as a transaction takes them, each with the word for its partition, if there is one."""
    words = said or {}
    return [
        TopicPartition(where.topic, where.partition, offset, metadata=words.get(where, ""))
        for where, offset in ends.items()
    ]
