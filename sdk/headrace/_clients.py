"""Producers and consumers of a project: confluent-kafka's own, made with everything they need."""

from collections.abc import Mapping, Sequence
from typing import Any

import confluent_kafka

from headrace._certificates import ClientFiles
from headrace._errors import Invalid
from headrace._schemas import FramedAvro, Schemas

_OF_PURPOSE = {
    "outcomes": "headrace.outcomes.Outcome",
    "predictions": "headrace.predictions.Prediction",
}


CONSUMING: Mapping[str, Any] = {"isolation.level": "read_committed", "auto.offset.reset": "earliest"}
"""Committed records, from the beginning where a group has no offset yet."""


def full_name(project: str, topic: str) -> str:
    """A topic's full name; a bare name is one that members made, `<project>.topics.<name>`."""
    return topic if "." in topic else f"{project}.topics.{topic}"


def subject_of(project: str, topic: str) -> str | None:
    """The subject of a topic's records where the platform fixes it: rows, outcomes, predictions."""
    rest = topic.removeprefix(f"{project}.").split(".")
    if rest[0] == "features" and len(rest) == 3:
        return f"{rest[1]}_{rest[2]}"
    return _OF_PURPOSE.get(rest[0]) if len(rest) == 1 else None


class Producer(confluent_kafka.Producer):
    """A confluent-kafka Producer; `send` beside `produce` also encodes records by their schema."""

    def __init__(self, project: str, topic: str | None, schemas: Schemas, settings: Mapping[str, Any]) -> None:
        super().__init__(dict(settings))
        self._project = project
        self._topic = full_name(project, topic) if topic is not None else None
        self._schemas = schemas
        self.closed = False

    def close(self) -> bool:
        """Give up what is open, send what is on its way, and let the connections go; whether that could be begun."""
        self.closed = True
        return bool(super().close())

    def send(
        self,
        value: Mapping[str, Any] | bytes | str | None,
        *,
        key: bytes | str | None = None,
        topic: str | None = None,
        subject: str | None = None,
        headers: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> None:
        """Produce, waiting for room in the queue; a mapping is encoded with the newest schema of its subject.

        Without `topic` it goes to the producer's own; `subject` is needed for mappings on a topic that members made.
        What else `produce` takes can be given too (`partition`, `on_delivery`, …). Call `flush` at the end.

        Raises:
            Invalid: there is no topic or no subject, or the record does not fit its schema.
        """
        name = full_name(self._project, topic) if topic is not None else self._topic
        if name is None:
            raise Invalid("name the topic, here or when the producer is made", code="no-topic")
        if isinstance(value, Mapping):
            value = self._encoded(value, name, subject)
        given = {**arguments, "headers": dict(headers)} if headers else arguments
        while True:
            try:
                self.produce(name, value=value, key=key, **given)
            except BufferError:
                self.poll(0.2)
            else:
                self.poll(0)
                return

    def _encoded(self, value: Mapping[str, Any], topic: str, subject: str | None) -> bytes:
        subject = subject or subject_of(self._project, topic)
        if subject is None:
            raise Invalid(f"say by which subject records on {topic} are encoded: subject=…", code="no-subject")
        return self._schemas.encode(self._schemas.latest(subject), value)


class Consumer(confluent_kafka.Consumer):
    """A confluent-kafka Consumer, subscribed; `decode` gives a message's value as a record."""

    def __init__(self, project: str, topics: Sequence[str], schemas: FramedAvro, settings: Mapping[str, Any]) -> None:
        super().__init__(dict(settings))
        self._schemas = schemas
        if topics:
            self.subscribe([full_name(project, topic) for topic in topics])

    def decode(self, message: confluent_kafka.Message) -> dict[str, Any] | None:
        """The record in the message, or None for a tombstone; raises Invalid where it is no framed Avro."""
        value = message.value()
        if value is None:
            return None
        return self._schemas.decode(value if isinstance(value, bytes) else str(value).encode())


def producer(
    project: str, topic: str | None, files: ClientFiles, schemas: Schemas, overrides: Mapping[str, Any]
) -> Producer:
    """A producer that acknowledges on all replicas, never writes twice, and spreads keys like Java clients do."""
    settings = {
        **files.librdkafka(),
        "client.id": files.certificate.parent.parent.name,
        "enable.idempotence": True,
        "compression.type": "lz4",
        "linger.ms": 5,
        "partitioner": "murmur2_random",
        **overrides,
    }
    return Producer(project, topic, schemas, settings)


def consumer(
    project: str,
    topics: Sequence[str],
    *,
    group: str,
    files: ClientFiles,
    schemas: Schemas,
    overrides: Mapping[str, Any],
) -> Consumer:
    """A consumer of committed records, from the beginning where its group has no offset yet."""
    prefix = files.group_prefix
    settings = {
        **files.librdkafka(),
        "client.id": files.certificate.parent.parent.name,
        "group.id": group if group.startswith(prefix) else f"{prefix}{group}",
        **CONSUMING,
        **overrides,
    }
    return Consumer(project, topics, schemas, settings)
