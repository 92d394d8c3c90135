"""Records in and out of a topic, one after the other: as a pipe needs them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import confluent_kafka
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, KafkaError, KafkaException, TopicPartition

from headrace._browsing import partitions
from headrace._clients import Producer
from headrace._errors import Invalid, Unavailable
from headrace._json_records import from_json
from headrace._kafka_errors import translated
from headrace._kafka_record import KafkaRecord, Reading
from headrace._schemas import Schemas

_FLUSHED_S = 60.0
STARTS: Mapping[str, int] = {"earliest": OFFSET_BEGINNING, "latest": OFFSET_END}


@dataclass(slots=True)
class _Ends:
    """Which partitions are read, and which of them to their end; None before they are known."""

    assigned: set[int] | None = None
    ended: set[int] = field(default_factory=set)

    def assign(self, _: confluent_kafka.Consumer, places: list[TopicPartition]) -> None:
        self.assigned = {place.partition for place in places}
        self.ended.clear()

    def revoke(self, _: confluent_kafka.Consumer, __: list[TopicPartition]) -> None:
        self.assigned = None

    @property
    def reached(self) -> bool:
        """Whether nothing is left to read now."""
        return self.assigned is not None and self.ended >= self.assigned


def consume(
    settings: Mapping[str, Any],
    topic: str,
    reading: Reading,
    *,
    grouped: bool,
    start: str,
    follow: bool,
    limit: int | None,
) -> Iterator[KafkaRecord]:
    """The topic's records, each partition's in order, to the end or (follow) for ever.

    In a group they begin where it stopped, and a record counts as done when the next one is asked for; otherwise at
    the `start`, earliest or latest. Raises HeadraceError.
    """
    if start not in STARTS:
        raise Invalid(f"one begins at {' or '.join(STARTS)}, not at {start!r}", code="invalid-start")
    ends = _Ends()
    own = {"enable.partition.eof": True, "enable.auto.offset.store": False, "auto.offset.reset": start}
    consumer = confluent_kafka.Consumer({**settings, **own, "enable.auto.commit": grouped})
    try:
        with closing(consumer):
            there = partitions(consumer, topic)
            if grouped:
                consumer.subscribe([topic], on_assign=ends.assign, on_revoke=ends.revoke)
            else:
                consumer.assign([TopicPartition(topic, number, STARTS[start]) for number in there])
                ends.assigned = set(there)
            given = 0
            while (limit is None or given < limit) and (follow or not ends.reached):
                message = _next(consumer, topic, ends)
                if message is None:
                    continue
                yield reading.record(message)
                given += 1
                if grouped:
                    consumer.store_offsets(message)
    except KafkaException as error:
        raise translated(error, f"topic {topic!r}") from error


def _next(consumer: confluent_kafka.Consumer, topic: str, ends: _Ends) -> confluent_kafka.Message | None:
    message = consumer.poll(0.5)
    if message is None:
        return None
    error, number = message.error(), message.partition()
    if error is None:
        ends.ended.discard(number or 0)
        return message
    if error.code() != KafkaError._PARTITION_EOF:
        raise translated(error, f"topic {topic!r}")
    ends.ended.add(number or 0)
    return None


def produce(
    producer: Producer,
    schemas: Schemas,
    topic: str,
    records: Iterable[Any],
    *,
    key: str | None,
    schema_id: Callable[[], int],
) -> int:
    """Send the records in order, and return how many the brokers have; text and bytes are sent as they are.

    Raises:
        Invalid: a record does not fit; those before it were sent, and the message says how many.
        HeadraceError: the brokers did not take one.
    """
    refused: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: confluent_kafka.Message) -> None:
        if error is not None:
            refused.append(error)

    sent = 0
    try:
        for record in records:
            payload = record if isinstance(record, str | bytes) else _encoded(schemas, schema_id(), record)
            producer.send(payload, key=_key(record, key), topic=topic, on_delivery=delivered)
            sent += 1
            if refused:
                break
    except Invalid as error:
        _flush(producer, topic, refused)
        told = f"record {sent + 1}: {error.message} ({sent} before it were sent)"
        raise Invalid(told, code=error.code, details=error.details) from error
    _flush(producer, topic, refused)
    return sent


def _flush(producer: Producer, topic: str, refused: list[KafkaError]) -> None:
    left = producer.flush(_FLUSHED_S)
    if refused:
        raise translated(refused[0], f"topic {topic!r}")
    if left:
        raise Unavailable(f"{left} records for {topic!r} were not acknowledged in {_FLUSHED_S:.0f} s", code="kafka")


def _encoded(schemas: Schemas, schema_id: int, record: Any) -> bytes:
    try:
        converted = from_json(schemas.schema(schema_id), record)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"the record does not fit schema {schema_id}: {error}", code="does-not-fit") from error
    return schemas.encode(schema_id, converted)


def _key(record: Any, field_name: str | None) -> bytes | None:
    if field_name is None:
        return None
    found = record.get(field_name) if isinstance(record, Mapping) else None
    if found is None:
        raise Invalid(f"there is no {field_name!r} to take the key from", code="no-key")
    try:
        return str(found).encode()
    except UnicodeEncodeError as error:
        raise Invalid(f"{field_name!r} cannot be a key: {error}", code="no-key") from error
