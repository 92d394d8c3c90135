"""Writing records outside transactions: idempotent, acknowledged by all replicas, each delivery told to who asked."""

import threading
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from headrace_broker.admin import translated
from headrace_broker.connection import Connection
from headrace_broker.errors import BrokerError, Unavailable
from headrace_broker.record import Entry, write_headers

Delivered = Callable[[BrokerError | None], None]
"""Called once per record, on the producer's own thread: None where the log has it, else why not."""


class RecordProducer:
    """Writes records of any topic the certificate may write. Safe to share between threads."""

    def __init__(self, connection: Connection, *, delivery_seconds: float = 10.0) -> None:
        self._producer = Producer(
            {
                **connection.librdkafka(),
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 0,
                "message.timeout.ms": int(delivery_seconds * 1000),
                "compression.type": "lz4",
                "partitioner": "murmur2_random",
            }
        )
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="deliveries", daemon=True)
        self._thread.start()

    def send(self, entry: Entry, delivered: Delivered) -> None:
        """Hand the record over; `delivered` is told what became of it. Raises Unavailable where the queue is full."""

        def told(error: KafkaError | None, _: Message) -> None:
            delivered(None if error is None else translated(KafkaException(error)))

        arguments: dict[str, Any] = {"headers": write_headers(entry.headers), "on_delivery": told}
        try:
            self._producer.produce(entry.topic, key=entry.key, value=entry.value, **arguments)
        except BufferError as error:
            raise Unavailable("the brokers do not keep up: the producer's queue is full") from error
        except KafkaException as error:
            raise translated(error) from error

    def flush(self, seconds: float = 10.0) -> bool:
        """Wait until every record was delivered or refused; False if some are still on their way."""
        deadline = time.monotonic() + seconds
        while self._producer.flush(0.05):
            if time.monotonic() > deadline:
                return False
        return True

    def _serve(self) -> None:
        while not self._closing.is_set():
            self._producer.poll(0.2)

    def close(self) -> None:
        """Deliver what is left, and stop."""
        self.flush(5.0)
        self._closing.set()
        self._thread.join(5.0)
