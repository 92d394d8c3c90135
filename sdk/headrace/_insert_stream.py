"""From a topic into a feature group, exactly once: rows, and how far was read for them, in one Kafka transaction.

One query has one living process: beginning it gives up the open transaction of the process before, which finds itself
overtaken. Whatever is killed when, the topic is read on from the last transaction that was committed.
"""

from __future__ import annotations

import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, Message, TopicPartition

from headrace._browsing import partitions
from headrace._clients import Consumer, Producer
from headrace._errors import Conflict, Failed, Forbidden, HeadraceError
from headrace._frames import Slice, slices
from headrace._insert import BROKE_OFF, QUEUE_KIB, QUEUE_ROWS, Sending
from headrace._kafka_errors import translated
from headrace._kafka_record import Reading
from headrace._receipt import Receipt
from headrace._rows import Known, RowEncoder
from headrace._schemas import Schemas
from headrace._stream_records import RowMaker, StreamRefusal, Taken, refusal

MOST = 5_000
"""Records of one transaction."""
KEPT = 1_000
TRANSACTION_MS = 20_000
"""How long what a killed process left open holds up readers of the group, unless the query is begun again before."""
_WAIT_S = 0.2
_ANSWER_S = 15.0
_LOOK_S = 30.0
_OVERTAKEN = {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH}

Ended = Literal["end", "timeout", "signal"]


class Clients(Protocol):
    """What makes clients of Kafka; a project does."""

    def producer(self, topic: str | None = None, **overrides: Any) -> Producer:
        """A producer; overrides are librdkafka's settings with `_` for `.`."""
        ...

    def consumer(self, topics: str | Sequence[str], group: str | None = None, **overrides: Any) -> Consumer:
        """A consumer, of nothing where no topics are given."""
        ...

    @property
    def schemas(self) -> Schemas:
        """The schemas that records are decoded by."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamProgress:
    """How far a query has come since it was begun: records read, rows accepted, and how many records are left (lag)."""

    records: int
    accepted: int
    refused: int
    skipped: int
    lag: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReceipt:
    """What came of a query until it `ended`, at the end of the topic, by its time-out, or by a signal.

    `refused` counts all records that no row came of, `refusals` are the first of them (at most 1,000); `skipped` are
    records that no row was due of. Begun again, the query of that name goes on behind the last record.
    """

    query_name: str
    records: int
    accepted: int
    refused: int
    skipped: int
    refusals: tuple[StreamRefusal, ...]
    ended: Ended
    _rows: Receipt = field(repr=False, compare=False)

    @property
    def positions(self) -> tuple[str, ...]:
        """The furthest places of its rows in the group's topic, `<topic id>:<partition>:<offset>`."""
        return self._rows.positions

    def wait(self, timeout: float = 60.0) -> StreamReceipt:
        """Return when its rows can be read online and offline; raises Failed after `timeout` seconds."""
        self._rows.wait(timeout=timeout)
        return self


@dataclass(slots=True)
class Query:
    """One run of a query: from `topic`, by `make`, into what `sending` sends to."""

    name: str
    topic: str
    consumer: Consumer
    producer: Producer
    sending: Sending
    encoder: RowEncoder
    complete: Callable[[Slice], tuple[Slice, dict[int, str]]]
    make: RowMaker
    reading: Reading
    known: Known | None
    on_refused: Callable[[StreamRefusal], None] | None
    on_progress: Callable[[StreamProgress], None] | None
    records: int = 0
    refused: int = 0
    skipped: int = 0
    refusals: list[StreamRefusal] = field(default_factory=list)
    _next: dict[int, int] = field(default_factory=dict)
    _ended: set[int] = field(default_factory=set)
    _looked: float = 0.0

    def run(self, start: int, *, until_end: bool, timeout: float | None) -> Ended:
        """Read on and insert, to the end if that is enough; raises HeadraceError."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with ended(self.producer), closing(self.consumer), stopping() as stop:
            try:
                self.producer.init_transactions(_ANSWER_S)
                self._begin(start)
                while not stop.is_set():
                    if until_end and self._next.keys() <= self._ended:
                        return "end"
                    if deadline is not None and time.monotonic() >= deadline:
                        return "timeout"
                    self._look_for_more()
                    self._insert(self._read())
            except KafkaException as error:
                raise self._meaning(error.args[0]) from error
        return "signal"

    def _begin(self, start: int) -> None:
        places = [TopicPartition(self.topic, number) for number in partitions(self.consumer, self.topic)]
        for place in self.consumer.committed(places, timeout=_ANSWER_S):
            self._next[place.partition] = place.offset if place.offset >= 0 else start
        self.consumer.assign([TopicPartition(self.topic, *where) for where in self._next.items()])
        self._looked = time.monotonic()

    def _look_for_more(self) -> None:
        """Partitions that the topic got meanwhile are read from their beginning."""
        if time.monotonic() - self._looked < _LOOK_S:
            return
        there = partitions(self.consumer, self.topic)
        added = dict.fromkeys((number for number in there if number not in self._next), OFFSET_BEGINNING)
        if added:
            self.consumer.incremental_assign([TopicPartition(self.topic, *where) for where in added.items()])
            self._next |= added
        self._looked = time.monotonic()

    def _read(self) -> list[Message]:
        found = []
        for message in self.consumer.consume(MOST, _WAIT_S):
            error, number = message.error(), message.partition() or 0
            if error is None:
                found.append(message)
                self._ended.discard(number)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._ended.add(number)
            else:
                raise self._meaning(error)
        return found

    def _insert(self, messages: list[Message]) -> None:
        """Insert what came of the records and say how far they are read, or neither."""
        if not messages:
            return
        taken = self.make.rows([self.reading.record(message) for message in messages])
        read = {message.partition() or 0: (message.offset() or 0) + 1 for message in messages}
        offsets = [TopicPartition(self.topic, *where) for where in read.items()]
        self.producer.begin_transaction()
        try:
            refused = [*taken.refused, *self._send(taken)]
            self._tell(refused)
            self._mark_read(offsets)
            self.producer.commit_transaction(_ANSWER_S)
        except BaseException as error:
            why = self._why(offsets) if _says_too_little(error) else None
            self._give_up(error)
            if why is not None:
                raise self._not_written(why) from error
            raise
        self._next |= read
        self.records += len(messages)
        self.refused += len(refused)
        self.skipped += len(taken.skipped)
        if self.on_progress is not None:
            self.on_progress(self._progress())

    def _send(self, taken: Taken) -> Iterator[StreamRefusal]:
        """Send the rows, and return when the brokers have them; those that do not fit. Raises HeadraceError."""
        for part in slices(taken.rows):
            rows, unfit = self.encoder.encode(*self.complete(part), self.known)
            self.sending.send_all(rows)
            yield from (refusal(taken.sources[one.row], one.reason) for one in unfit)
        self.sending.finish()

    def _mark_read(self, offsets: list[TopicPartition]) -> None:
        self.producer.send_offsets_to_transaction(offsets, self.consumer.consumer_group_metadata(), _ANSWER_S)

    def _why(self, offsets: list[TopicPartition]) -> KafkaError | None:
        """What made the transaction fail; of the rows in it the client says only that they were given up."""
        try:
            self._mark_read(offsets)
        except KafkaException as error:
            cause: KafkaError = error.args[0]
            return cause
        return self.sending.failure

    def _tell(self, refused: list[StreamRefusal]) -> None:
        """Say what is refused before it counts as read, so that nothing is passed over in silence."""
        refused.sort(key=lambda one: (one.partition, one.offset))
        self.refusals += refused[: KEPT - len(self.refusals)]
        if self.on_refused is not None:
            for one in refused:
                self.on_refused(one)

    def _give_up(self, error: BaseException) -> None:
        try:
            self.producer.abort_transaction(_ANSWER_S)
        except KafkaException as failed:
            error.add_note(f"its transaction is given up when the query begins again: {failed}")

    def _progress(self) -> StreamProgress:
        ends = {
            number: self.consumer.get_watermark_offsets(TopicPartition(self.topic, number), cached=True)
            for number in self._next
        }
        lag = sum(max(0, high - self._next[number]) for number, (_, high) in ends.items() if self._next[number] >= 0)
        return StreamProgress(
            records=self.records, accepted=self.sending.taken, refused=self.refused, skipped=self.skipped, lag=lag
        )

    def _not_written(self, why: KafkaError) -> HeadraceError:
        if why.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            return Forbidden(
                f"your certificate may not write rows to {self.sending.topic}: ask a Data Owner",
                code="topic-not-writable",
            )
        return self._meaning(why)

    def _meaning(self, error: KafkaError) -> HeadraceError:
        if error.code() in _OVERTAKEN:
            return Conflict(f"query {self.name!r} was begun elsewhere, and goes on there", code="query-overtaken")
        if error.code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
            return Forbidden("your certificate may not write in transactions: ask a Data Owner", code="not-allowed")
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            return Failed(
                f"topic {self.topic!r} no longer has the records that query {self.name!r} is to read next: reset the "
                f"group insert-stream.{self.name} to earliest to go on behind them, or take another query_name",
                code="records-expired",
            )
        return translated(error, f"query {self.name!r} of topic {self.topic!r}")


def _says_too_little(error: BaseException) -> bool:
    """Whether only the transaction knows why the rows were not taken.

    Where a fatal error comes together with deliveries, confluent-kafka 2.16 raises a SystemError in its stead.
    """
    return isinstance(error, SystemError) or (isinstance(error, HeadraceError) and error.code == BROKE_OFF)


@contextmanager
def ended(producer: Producer) -> Iterator[None]:
    """The producer is closed in the end; a fatal error that it repeats then was told by the call that met it."""
    try:
        yield
    finally:
        with warnings.catch_warnings(), suppress(KafkaException):
            warnings.filterwarnings("ignore", "Producer abort_transaction failed", RuntimeWarning)
            producer.close()


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """What SIGINT and SIGTERM set meanwhile, instead of what they do else; they are for the main thread only."""
    stop = threading.Event()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda *_: stop.set())
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def settings_of_producer(query: str) -> dict[str, Any]:
    """The overrides of a producer that writes in the query's transactions."""
    return {
        "transactional_id": query,
        "transaction_timeout_ms": TRANSACTION_MS,
        "linger_ms": 20,
        "queue_buffering_max_kbytes": QUEUE_KIB,
        "queue_buffering_max_messages": QUEUE_ROWS,
    }


SETTINGS_OF_CONSUMER = {"enable_auto_commit": False, "enable_partition_eof": True, "auto_offset_reset": "error"}
