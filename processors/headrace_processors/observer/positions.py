"""How far the observer has read, kept by the brokers as the offsets of its group and moved in its transactions.

The group has no members: nobody subscribes, so nothing is ever rebalanced. It is only the name under which a
transaction puts its offsets. Brokers forget them a week after the last one; then everything is read again, which writes
every observation again under its own key, and changes nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from headrace_broker.admin import translated
from headrace_broker.connection import Connection
from headrace_broker.follower import Partition

GROUP = "headrace.observer"
SECONDS = 15.0


class Positions:
    """The offsets of the observer's group."""

    def __init__(self, connection: Connection) -> None:
        self._consumer = Consumer(
            {
                **connection.librdkafka(),
                "group.id": GROUP,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
            }
        )

    def committed(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        """The next offset of each; 0 where nothing was read yet. Raises BrokerError."""
        by_name = {(where.topic, where.partition): where for where in partitions}
        asked = [TopicPartition(*name) for name in by_name]
        try:
            found = self._consumer.committed(asked, timeout=SECONDS)
        except KafkaException as error:
            raise translated(error) from error
        return {by_name[place.topic, place.partition]: max(place.offset, 0) for place in found}

    def group(self) -> Any:
        """What a transaction needs to put offsets under the group's name."""
        return self._consumer.consumer_group_metadata()

    def close(self) -> None:
        """Stop."""
        self._consumer.close()


def as_offsets(ends: Mapping[Partition, int]) -> list[TopicPartition]:
    """Next offsets as a transaction takes them."""
    return [TopicPartition(where.topic, where.partition, offset) for where, offset in ends.items()]
