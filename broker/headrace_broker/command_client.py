"""Sending commands and waiting for their results: how the API and every processor ask for a change."""

import threading
from collections import defaultdict
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from headrace_broker.admin import Admin, translated
from headrace_broker.connection import Connection
from headrace_broker.envelopes import command_entry
from headrace_broker.errors import Missing, Unavailable
from headrace_broker.follower import Follower, Partition
from headrace_broker.record import write_headers
from headrace_broker.results import Result, ResultCodec
from headrace_broker.topics import RESULTS
from headrace_events.envelope import Request
from headrace_events.ids import CommandId
from headrace_schemas.codec import MessageCodec


class CommandClient:
    """Sends commands, and knows their results from the moment it was made. Safe to share between threads."""

    def __init__(self, connection: Connection) -> None:
        self._codec = MessageCodec()
        self._results = ResultCodec()
        self._producer = Producer(
            {
                **connection.librdkafka(),
                "enable.idempotence": True,
                # One request at a time: what is sent meanwhile goes together in the next; nothing waits for company.
                "linger.ms": 0,
                "max.in.flight": 1,
                "message.timeout.ms": 10_000,
                "partitioner": "murmur2_random",
            }
        )
        self._waiting: dict[CommandId, list[Future[Result]]] = defaultdict(list)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._failure: Exception | None = None
        found = Admin(connection).topic_ids([RESULTS])
        if RESULTS not in found:
            raise Missing(f"{RESULTS} does not exist: prepare the log first")
        where = Partition(RESULTS, found[RESULTS][0], 0)
        self._follower = Follower(connection, gather_s=0)
        self._follower.follow({where: self._follower.end(where)})
        self._threads = [
            threading.Thread(target=target, name=f"commands-{target.__name__}", daemon=True)
            for target in (self._read, self._serve_deliveries)
        ]
        for thread in self._threads:
            thread.start()

    def send(self, request: Request) -> "Future[Result]":
        """Send; the future holds the result, or Unavailable where the brokers did not take the command."""
        if self._failure is not None:
            raise Unavailable(f"results are not read any more: {self._failure}")
        future: Future[Result] = Future()
        with self._lock:
            self._waiting[request.id].append(future)
        entry = command_entry(request, self._codec)

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                self._settle(request.id, translated(KafkaException(error)))

        arguments: dict[str, Any] = {"headers": write_headers(entry.headers), "on_delivery": delivered}
        try:
            self._producer.produce(entry.topic, key=entry.key, value=entry.value, **arguments)
        except (BufferError, KafkaException) as error:
            self._settle(request.id, Unavailable(f"the command could not be sent: {error}"))
        return future

    def ask(self, request: Request, seconds: float = 30.0) -> Result:
        """Send and wait; raises the Refusal, Unavailable, or TimeoutError (the outcome is then unknown: ask again)."""
        try:
            return self.send(request).result(seconds).raise_if_refused()
        finally:
            self.forget(request.id)

    def forget(self, command: CommandId) -> None:
        """Stop waiting for a command's result."""
        with self._lock:
            self._waiting.pop(command, None)

    def _settle(self, command: CommandId, outcome: Result | Exception) -> None:
        with self._lock:
            futures = self._waiting.pop(command, [])
        for future in futures:
            if not future.set_running_or_notify_cancel():
                continue
            if isinstance(outcome, Result):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)

    def _read(self) -> None:
        try:
            while not self._closing.is_set():
                for record in self._follower.poll(seconds=0.5).records:
                    if record.value is not None:
                        result = self._results.decode(record.value)
                        self._settle(result.command_id, result)
        except Exception as error:  # noqa: BLE001 - the thread's death must reach everyone who waits
            self._failure = error
            with self._lock:
                waiting = list(self._waiting)
            for command in waiting:
                self._settle(command, Unavailable(f"results are not read any more: {error}"))

    def _serve_deliveries(self) -> None:
        while not self._closing.is_set():
            self._producer.poll(0.2)

    @property
    def healthy(self) -> bool:
        """Whether results are being read."""
        return self._failure is None

    def close(self) -> None:
        """Send what is left, and stop."""
        self._producer.flush(5.0)
        self._closing.set()
        for thread in self._threads:
            thread.join(5.0)
        self._follower.close()
