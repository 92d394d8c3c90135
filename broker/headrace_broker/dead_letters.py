"""Where records go that a projection could not read: their original bytes, and headers that say what was wrong.

A dead letter is written before its projection's checkpoint moves on, so one is never lost; after a crash it may be
written twice, under the same `headrace_id`.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from headrace_broker.admin import translated
from headrace_broker.connection import Connection
from headrace_broker.errors import Unavailable
from headrace_broker.record import Record, write_headers

_TAKEN_S = 15.0
_LONGEST_ERROR = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record that could not be read, and why."""

    record: Record
    error: str


def dead_letter_id(record: Record, projection: str) -> str:
    """The same record refused by the same projection has the same id again."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{record.at}:{projection}"))


class DeadLetters:
    """Writes dead letters of one projection; `version` is the projection's."""

    def __init__(self, connection: Connection, projection: str, version: str = "1") -> None:
        self._projection = projection
        self._version = version
        self._producer = Producer(
            {
                **connection.librdkafka(),
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.timeout.ms": int(_TAKEN_S * 1000),
                "message.max.bytes": 16_000_000,
                "compression.type": "lz4",
                "partitioner": "murmur2_random",
            }
        )

    def write(self, topic: str, letters: Sequence[DeadLetter]) -> None:
        """Return when the brokers have all of them; raises NotAuthorised, Missing, Unavailable."""
        too_large = self._write(topic, letters, whole=True)
        if too_large:
            self._write(topic, too_large, whole=False)

    def _write(self, topic: str, letters: Sequence[DeadLetter], *, whole: bool) -> list[DeadLetter]:
        """Write them; those that the broker finds too large are returned, to be written without their bytes."""
        failures: list[KafkaError] = []
        too_large: list[DeadLetter] = []
        taken = 0

        def delivered(letter: DeadLetter, error: KafkaError | None) -> None:
            nonlocal taken
            if error is None:
                taken += 1
            elif whole and error.code() in {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE}:
                too_large.append(letter)
            else:
                failures.append(error)

        for letter in letters:
            self._produce(topic, letter, lambda error, _, letter=letter: delivered(letter, error), whole)
        self._producer.flush(_TAKEN_S)
        if failures:
            raise translated(KafkaException(failures[0]))
        if taken + len(too_large) != len(letters):
            raise Unavailable(f"the brokers did not take all dead letters for {topic} in time")
        return too_large

    def _produce(self, topic: str, letter: DeadLetter, on_delivery: Any, whole: bool) -> None:
        record = letter.record
        headers = {
            **record.headers,
            "headrace_id": dead_letter_id(record, self._projection),
            "topic": record.topic,
            "topic_id": record.topic_id,
            "partition": str(record.partition),
            "offset": str(record.offset),
            "projection": self._projection,
            "version": self._version,
            "error": letter.error[:_LONGEST_ERROR],
            "timestamp": str(record.timestamp),
        }
        if not whole:
            headers["left_out_bytes"] = str(len(record.value or b""))
        arguments: dict[str, Any] = {"headers": write_headers(headers), "on_delivery": on_delivery}
        while True:
            try:
                self._producer.produce(topic, key=record.key, value=record.value if whole else None, **arguments)
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise translated(error) from error
            else:
                return

    def close(self) -> None:
        """Write what is left."""
        self._producer.flush(_TAKEN_S)
