"""Rows onto a topic: in order, in bounded memory, each acknowledged before the insert returns."""

import sys
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from confluent_kafka import KafkaError, KafkaException, Message

from headrace._errors import Failed, Forbidden, HeadraceError, Unreachable
from headrace._rows import EncodedRow

INSERT = "headrace_insert"
KNOWN_AT = "headrace_known_at"
EVENT_TIME = "headrace_event_time"

BROKE_OFF = "insert-broke-off"

OnProgress = Callable[[int, int], None]
"""Called with the rows done and the rows there are."""

QUEUE_KIB = 65_536
QUEUE_ROWS = 50_000
_ACKNOWLEDGED_S = 300.0


class RowProducer(Protocol):
    """What is needed of confluent-kafka's Producer."""

    def produce(self, topic: str, *, key: bytes, value: bytes | None, headers: Any, on_delivery: Any) -> None:
        """Queue a record; raises BufferError while the queue is full."""
        ...

    def poll(self, timeout: float) -> int:
        """Serve deliveries."""
        ...

    def flush(self, timeout: float) -> int:
        """Wait for all deliveries; how many are missing."""
        ...


def claimed_time(insert_id: str) -> int | None:
    """The microsecond in which a UUID of version 7 was made; None for other ids."""
    made = uuid.UUID(insert_id)
    return (made.int >> 80) * 1000 if made.version == 7 else None


@dataclass(slots=True)
class Sending:
    """One insert on its way."""

    producer: RowProducer
    topic: str
    insert_id: str
    headers: list[tuple[str, bytes]]
    sent: int = 0
    taken: int = 0
    furthest: dict[int, int] = field(default_factory=dict)
    failure: KafkaError | None = None

    def send(self, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]] | None = None) -> None:
        """Queue one row, waiting while the queue is full; raises HeadraceError once one was turned down."""
        while True:
            if self.failure is not None:
                raise self._failed()
            try:
                self.producer.produce(
                    self.topic, key=key, value=value, headers=headers or self.headers, on_delivery=self._delivered
                )
            except BufferError:
                self.producer.poll(0.1)
            except KafkaException as error:
                self.failure = error.args[0]
            else:
                self.sent += 1
                return

    def send_all(self, rows: Iterable[EncodedRow]) -> None:
        """Queue rows and serve what was delivered meanwhile; raises HeadraceError once one was turned down."""
        if self.failure is not None:
            raise self._failed()
        produce, topic, delivered, usual = self.producer.produce, self.topic, self._delivered, self.headers
        for key, value, known_at in rows:
            headers = usual if known_at is None else self.claiming(known_at)
            try:
                produce(topic, key=key, value=value, headers=headers, on_delivery=delivered)
            except (BufferError, KafkaException):
                self.send(key, value, headers)
            else:
                self.sent += 1
        self.producer.poll(0)

    def claiming(self, known_at: int) -> list[tuple[str, bytes]]:
        """The headers of a row that says since when (µs UTC) it is known, whatever the others of its insert say."""
        return [*(header for header in self.headers if header[0] != KNOWN_AT), (KNOWN_AT, str(known_at).encode())]

    def finish(self) -> None:
        """Return when the brokers have all rows; raises HeadraceError."""
        left = self.producer.flush(_ACKNOWLEDGED_S)
        if self.failure is not None or left or self.taken != self.sent:
            raise self._failed()

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.failure = self.failure or error
            return
        self.taken += 1
        partition, offset = message.partition() or 0, message.offset() or 0
        if offset > self.furthest.get(partition, -1):
            self.furthest[partition] = offset

    def _failed(self) -> HeadraceError:
        why = self.failure.str() if self.failure else f"{self.sent - self.taken} rows were not acknowledged in time"
        details = {"insert_id": self.insert_id, "acknowledged": self.taken}
        if self.failure is not None and self.failure.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            return Forbidden(
                f"your certificate may not write rows to {self.topic}: ask a Data Owner",
                code="topic-not-writable",
                details=details,
            )
        kind = Unreachable if self.failure is None or self.failure.retriable() else Failed
        return kind(
            f"{self.taken} rows are safe, then: {why}; insert again with insert_id={self.insert_id!r}",
            code=BROKE_OFF,
            details=details,
        )


def bar(name: str) -> OnProgress | None:
    """A progress line on a terminal, or None where there is none."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        width = 30
        full = width * done // max(total, 1)
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r{name}: {'█' * full}{'·' * (width - full)} {done:,}/{total:,} rows{end}")
        sys.stderr.flush()

    return show
