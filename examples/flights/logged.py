"""What is on the log, read with a consumer of the project: figures come from here, not from counters of the story."""

import time
import uuid
from datetime import datetime
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from flights.cast import Cast
from flights.stage import Stage

_SECONDS = 120.0


def predictions(stage: Stage) -> dict[str, dict[str, Any]]:
    """Every prediction on the project's log, by inference id."""
    return _by_inference_id(stage, f"{stage.cast.name}.predictions")


def outcomes(stage: Stage) -> dict[str, dict[str, Any]]:
    """What the project's log says of each prediction, the last word of several."""
    return _by_inference_id(stage, f"{stage.cast.name}.outcomes")


def outcome_times(stage: Stage) -> list[datetime]:
    """When each outcome became known, in the order the log has them, repetitions included."""
    decode = stage.cast.owner.schemas.decode
    values = [message.value() for message in _whole(stage, f"{stage.cast.name}.outcomes")]
    return [decode(value)["event_time"] for value in values if isinstance(value, bytes)]


def _by_inference_id(stage: Stage, topic: str) -> dict[str, dict[str, Any]]:
    decode = stage.cast.owner.schemas.decode
    found = {}
    for message in _whole(stage, topic):
        value = message.value()
        if isinstance(value, bytes):
            record = decode(value)
            found[record["inference_id"]] = record
    return found


def length(cast: Cast, topic: str) -> int:
    """How many records a topic of plain writes holds: where its partitions end, less where they begin."""
    consumer = _reader(cast)
    ends = [consumer.get_watermark_offsets(where, timeout=15) for where in _partitions(consumer, topic)]
    consumer.close()
    return sum(high - low for low, high in ends)


def count(stage: Stage, topic: str) -> tuple[int, int]:
    """How many records a topic holds, and how many different keys."""
    keys = set()
    records = 0
    for message in _whole(stage, topic):
        records += 1
        keys.add(message.key())
    return records, len(keys)


def _whole(stage: Stage, topic: str) -> list[Message]:
    """All committed records of a topic, up to the end it has now."""
    consumer = _reader(stage.cast)
    partitions = _partitions(consumer, topic)
    consumer.assign(partitions)
    messages: list[Message] = []
    at_end: set[int | None] = set()
    deadline = time.monotonic() + _SECONDS
    while len(at_end) < len(partitions):
        for message in consumer.consume(10_000, 0.2):
            error = message.error()
            if error is None:
                messages.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                at_end.add(message.partition())
            else:
                raise KafkaException(error)
        if time.monotonic() > deadline:
            raise TimeoutError(f"the end of {topic} was not reached")
    consumer.close()
    return messages


def _reader(cast: Cast) -> Consumer:
    """A consumer of the owner's, in a group of its own that keeps no position."""
    return Consumer(
        {
            **cast.owner.client_files().librdkafka(),
            "group.id": f"{cast.name}.story-{uuid.uuid4().hex[:8]}",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
        }
    )


def _partitions(consumer: Consumer, topic: str) -> list[TopicPartition]:
    """The topic's partitions, each from its beginning."""
    return [
        TopicPartition(topic, number, 0) for number in consumer.list_topics(topic, timeout=15).topics[topic].partitions
    ]
