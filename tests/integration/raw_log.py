"""Every byte of the log, as whoever reads the disks would find it: committed or not, events, snapshots, credentials."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from tests.integration.clients import connection
from tests.integration.stack import RunningStack


def everything(stack: RunningStack) -> Iterator[tuple[str, bytes]]:
    """Topic and bytes (key, value and headers) of each record there is; `broker` may read all of them."""
    consumer = Consumer(
        {
            **connection(stack, "broker").librdkafka(),
            "group.id": "headrace.raw-log",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_uncommitted",
            "fetch.wait.max.ms": 10,
        }
    )
    topics = consumer.list_topics(timeout=30).topics
    left = {
        (name, partition)
        for name, topic in topics.items()
        if not name.startswith("__")  # Kafka's own, of offsets and transactions
        for partition in topic.partitions
    }
    consumer.assign([TopicPartition(name, partition, OFFSET_BEGINNING) for name, partition in left])
    while left:
        for message in consumer.consume(5_000, timeout=1.0):
            error = message.error()
            if error is None:
                yield str(message.topic()), _bytes(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                left.discard((message.topic(), message.partition()))
            else:
                raise AssertionError(error.str())
    consumer.close()


def _bytes(message: Any) -> bytes:
    headers = [name.encode() + b"=" + (value or b"") for name, value in message.headers() or []]
    return b" ".join((message.key() or b"", message.value() or b"", *headers))
