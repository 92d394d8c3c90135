"""What the broker answers when somebody tries: asked with real clients, told from any other failure."""

import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

_SECONDS = 15.0


def produce(settings: Mapping[str, Any], topic: str) -> KafkaError | None:
    """Try to produce one empty record; None if the broker took it."""
    answers: list[KafkaError | None] = []
    producer = Producer({**settings, "message.timeout.ms": int(_SECONDS * 1000)})
    producer.produce(topic, value=b"", on_delivery=lambda error, _: answers.append(error))
    producer.flush(_SECONDS)
    return answers[0]


def consume(settings: Mapping[str, Any], topic: str, group: str) -> KafkaError | None:
    """Try to read the topic's first partition from its beginning; None if the broker lets it."""
    consumer = Consumer({**settings, "group.id": group, "enable.partition.eof": True})
    try:
        described = consumer.list_topics(topic, timeout=_SECONDS).topics[topic]
        if described.error is not None:
            error: KafkaError = described.error
            return error
        consumer.assign([TopicPartition(topic, 0, 0)])
        return _refusal(_first(consumer))
    finally:
        consumer.close()


def join(settings: Mapping[str, Any], topic: str, group: str) -> KafkaError | None:
    """Try to join the consumer group; None if the broker lets it."""
    consumer = Consumer({**settings, "group.id": group, "enable.partition.eof": True, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        return _refusal(_first(consumer))
    except KafkaException as refused:
        answer: KafkaError = refused.args[0]
        return answer
    finally:
        consumer.close()


def _first(consumer: Consumer) -> Message:
    deadline = time.monotonic() + _SECONDS
    while (message := consumer.poll(0.2)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError("the broker gave no answer")
    return message


def _refusal(message: Message) -> KafkaError | None:
    error = message.error()
    return None if error is None or error.code() == KafkaError._PARTITION_EOF else error


AUTHORISATION = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}


def must_be_refused(answer: KafkaError | None, what: str) -> str:
    """The refusal's name; raises AssertionError unless it is one of authorisation."""
    if answer is None or answer.code() not in AUTHORISATION:
        raise AssertionError(f"{what} should have been refused, but: {answer}")
    return str(answer.name())


def must_succeed(answer: KafkaError | None, what: str) -> None:
    """Raise AssertionError where the broker refused."""
    if answer is not None:
        raise AssertionError(f"{what} failed: {answer.str()}")
