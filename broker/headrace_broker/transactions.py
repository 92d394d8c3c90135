"""Writing in transactions that also carry the consumed offsets: all of it happens, or none of it.

A transactional id has one living writer: opening a session fences the one before it. After any failure the session is
of no more use; its owner makes another one and reads the log again, for only the log knows what was committed.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from headrace_broker.admin import translated
from headrace_broker.connection import Connection
from headrace_broker.errors import Missing, OutcomeUnknown, Unavailable
from headrace_broker.record import Entry, write_headers

TRANSACTION_MS = 12_000
OVERTIME_S = 5.0
"""How much longer than it was told a call of the client may take before it is given up."""

R = TypeVar("R")


class TransactionalWriter:
    """One transaction at a time, under one transactional id."""

    def __init__(self, connection: Connection, transactional_id: str) -> None:
        self._producer = Producer(
            {
                **connection.librdkafka(),
                "transactional.id": transactional_id,
                "transaction.timeout.ms": TRANSACTION_MS,
                "message.timeout.ms": TRANSACTION_MS - 2_000,
                "linger.ms": 0,
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
            }
        )
        self._known: set[str] = set()
        try:
            in_time(30.0, self._producer.init_transactions, 30.0)
        except KafkaException as error:
            raise translated(error) from error

    def begin(self) -> None:
        """Open a transaction."""
        self._call(self._producer.begin_transaction)

    def write(self, entries: Sequence[Entry]) -> list[int]:
        """Write the entries; return their offsets once the brokers have them (still uncommitted)."""
        offsets = [-1] * len(entries)
        failures: list[KafkaError] = []

        def delivered(index: int, error: KafkaError | None, message: Message) -> None:
            if error is not None:
                failures.append(error)
            else:
                offsets[index] = message.offset() or 0

        for index, entry in enumerate(entries):
            self._must_exist(entry.topic)
            self._produce(entry, lambda error, message, index=index: delivered(index, error, message))
        try:
            self._producer.flush(TRANSACTION_MS / 1000)
        except KafkaException as error:
            raise translated(error) from error
        if failures:
            raise translated(KafkaException(failures[0]))
        if -1 in offsets:
            raise Unavailable("the brokers did not take all records in time")
        return offsets

    def commit(self, consumed: TopicPartition | Sequence[TopicPartition], group: Any) -> None:
        """Commit together with the consumed offsets; raises OutcomeUnknown where nobody knows."""
        offsets = [consumed] if isinstance(consumed, TopicPartition) else list(consumed)
        self._call(self._producer.send_offsets_to_transaction, offsets, group, 8.0)
        self._call(self._producer.commit_transaction, 8.0)

    def commit_alone(self) -> None:
        """Commit without consumed offsets (positions are kept elsewhere)."""
        self._call(self._producer.commit_transaction, 8.0)

    def abort(self) -> None:
        """Give the transaction up, as far as the brokers can be reached."""
        try:
            in_time(5.0, self._producer.abort_transaction, 5.0)
        except KafkaException as error:
            raise translated(error) from error

    def _produce(self, entry: Entry, on_delivery: Any) -> None:
        arguments: dict[str, Any] = {
            "key": entry.key,
            "value": entry.value,
            "headers": write_headers(entry.headers),
            "on_delivery": on_delivery,
        }
        if entry.partition is not None:
            arguments["partition"] = entry.partition
        while True:
            try:
                self._producer.produce(entry.topic, **arguments)
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise translated(error) from error
            else:
                return

    def _must_exist(self, topic: str) -> None:
        """Ask before the first write: producing to a missing topic hangs until the transaction's timeout."""
        if topic in self._known:
            return
        described = self._producer.list_topics(topic, timeout=5.0).topics.get(topic)
        if described is None or described.error is not None:
            raise Missing(f"topic {topic} does not exist, or may not be written")
        self._known.add(topic)

    @staticmethod
    def _call(function: Any, *arguments: Any) -> None:
        try:
            in_time(8.0, function, *arguments)
        except KafkaException as error:
            kafka = error.args[0]
            if kafka.code() in {KafkaError._TIMED_OUT, KafkaError.REQUEST_TIMED_OUT} or kafka.retriable():
                raise OutcomeUnknown(f"{function.__name__}: {kafka.str()}") from error
            raise translated(error) from error


def in_time(seconds: float, function: Callable[..., R], *arguments: Any) -> R:
    """What the function gives; raises OutcomeUnknown where it takes much longer than the seconds it was told.

    librdkafka 2.16 waits for ever for a group's coordinator that was killed, whatever time it is given
    (https://github.com/confluentinc/librdkafka/issues/5456). Such a call is left alone on its thread: its writer is of
    no more use, and the next one under the same transactional id fences it.
    """
    answer: Future[R] = Future()

    def call() -> None:
        try:
            answer.set_result(function(*arguments))
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
            answer.set_exception(error)

    threading.Thread(target=call, name="transaction", daemon=True).start()
    done, _ = wait([answer], seconds + OVERTIME_S)
    if not done:
        name = getattr(function, "__name__", "the call")
        raise OutcomeUnknown(f"{name} did not come back within {seconds + OVERTIME_S:.0f} s")
    return answer.result()
