"""Looking at what is on a topic, without a consumer group: the newest records, or those from an offset on."""

from collections import deque
from collections.abc import Mapping
from contextlib import closing

import confluent_kafka
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from headrace._errors import Invalid, NotFound, Unavailable
from headrace._kafka_errors import translated
from headrace._kafka_record import KafkaRecord, Reading

MOST = 10_000
_ANSWER_S = 15.0
_SILENCE_S = 30.0


def browse(
    settings: Mapping[str, object],
    topic: str,
    reading: Reading,
    *,
    partition: int | None,
    offset: int | None,
    limit: int,
) -> list[KafkaRecord]:
    """The newest `limit` records, the newest last; or with an offset, as many from there on.

    Raises:
        NotFound: there is no such topic or partition.
        Invalid: the limit or the offset cannot be, or the partition has to be named.
        HeadraceError: the brokers refuse, or do not answer.
    """
    if not 1 <= limit <= MOST:
        raise Invalid(f"the limit is {limit}: it is a number from 1 to {MOST}", code="invalid-limit")
    try:
        with closing(confluent_kafka.Consumer(_without_group(settings))) as consumer:
            places = chosen(consumer, topic, partition)
            if offset is None:
                found = [message for place in places for message in _newest(consumer, place, limit)]
                found.sort(key=lambda message: (message.timestamp()[1], message.partition(), message.offset()))
                return [reading.record(message) for message in found[-limit:]]
            if len(places) > 1:
                raise Invalid(f"{topic!r} has {len(places)} partitions: say which one's offset", code="which-partition")
            low, high = _bounds(consumer, places[0])
            if not low <= offset <= high:
                raise Invalid(
                    f"partition {places[0].partition} of {topic!r} holds offsets {low} to {high - 1}",
                    code="offset-out-of-range",
                )
            messages = _read(consumer, places[0], offset, high, most=limit)
            return [reading.record(message) for message in messages]
    except KafkaException as error:
        raise translated(error, f"topic {topic!r}") from error


def partitions(consumer: confluent_kafka.Consumer, topic: str) -> list[int]:
    """The numbers of the topic's partitions; raises NotFound, Forbidden, HeadraceError."""
    described = consumer.list_topics(topic, timeout=_ANSWER_S).topics[topic]
    if described.error is not None:
        raise translated(described.error, f"topic {topic!r}")
    return sorted(described.partitions)


def chosen(consumer: confluent_kafka.Consumer, topic: str, partition: int | None) -> list[TopicPartition]:
    """The partition of that number, or all of them."""
    there = partitions(consumer, topic)
    if partition is not None and partition not in there:
        raise NotFound(f"{topic!r} has partitions 0 to {len(there) - 1}, not {partition}", code="partition-not-found")
    return [TopicPartition(topic, number) for number in there if partition in {None, number}]


def _without_group(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings of a consumer that assigns itself, and says when it is at an end; no offset is ever committed."""
    return {
        **settings,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
    }


def _bounds(consumer: confluent_kafka.Consumer, place: TopicPartition) -> tuple[int, int]:
    low, high = consumer.get_watermark_offsets(place, timeout=_ANSWER_S)
    return low, high


def _newest(consumer: confluent_kafka.Consumer, place: TopicPartition, limit: int) -> list[confluent_kafka.Message]:
    """The partition's last records; not every offset has one, so where too few are found it begins further back."""
    low, high = _bounds(consumer, place)
    span = limit
    while True:
        start = max(low, high - span)
        found = _read(consumer, place, start, high, most=None, kept=limit)
        if len(found) == limit or start == low:
            return found
        span *= 8


def _read(
    consumer: confluent_kafka.Consumer,
    place: TopicPartition,
    start: int,
    end: int,
    *,
    most: int | None,
    kept: int | None = None,
) -> list[confluent_kafka.Message]:
    """The records from `start` up to `end`: the first `most`, or the last `kept`."""
    found: deque[confluent_kafka.Message] = deque(maxlen=kept)
    if start >= end:
        return []
    consumer.assign([TopicPartition(place.topic, place.partition, start)])
    silent = 0.0
    while most is None or len(found) < most:
        message = consumer.poll(0.5)
        if message is None:
            silent += 0.5
            if silent >= _SILENCE_S:
                raise Unavailable(f"the brokers gave nothing of {place.topic!r} for {_SILENCE_S:.0f} s", code="kafka")
            continue
        silent = 0.0
        error = message.error()
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            break
        if error is not None:
            raise translated(error, f"topic {place.topic!r}")
        offset = message.offset() or 0
        if offset < end:
            found.append(message)
        if offset >= end - 1:
            break
    consumer.unassign()
    return list(found)
