"""The metrics and lines of runs, on their way to `<project>.runs`: key = run id, in the order they were written."""

import logging
from dataclasses import dataclass, field
from typing import Any, Protocol

from headrace_broker.connection import Connection
from headrace_broker.errors import BrokerError, Unavailable
from headrace_broker.producing import RecordProducer
from headrace_broker.record import Entry
from headrace_processors.studies.reporter import Line, Metric
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas

logger = logging.getLogger("headrace.studies")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a message came from."""

    project: str
    run: str
    worker: str
    rung: int


class RunLog(Protocol):
    """Takes what runs report."""

    def write(self, source: Source, message: Metric | Line) -> None:
        """Pass it on."""
        ...

    def settle(self) -> None:
        """Wait until what was passed on is on the log, or known not to be."""
        ...


@dataclass(slots=True)
class MemoryRunLog:
    """The twin: keeps everything."""

    written: list[tuple[Source, Metric | Line]] = field(default_factory=list)

    def write(self, source: Source, message: Metric | Line) -> None:
        """Keep it."""
        self.written.append((source, message))

    def settle(self) -> None:
        """Nothing is on its way."""


class KafkaRunLog:
    """Writes Avro records; what cannot be written is counted, and said in the process's own log."""

    def __init__(self, connection: Connection, lost: Any) -> None:
        self._producer = RecordProducer(connection, delivery_seconds=60.0)
        self._codec = RecordCodec(ShippedSchemas())
        self._metric = schema_id("runs/metric.v1.avsc")
        self._line = schema_id("runs/log_line.v1.avsc")
        self._lost = lost

    def write(self, source: Source, message: Metric | Line) -> None:
        """Send it; a full queue is waited for."""
        value = self._encoded(source, message)
        entry = Entry(topic=f"{source.project}.runs", key=source.run.encode(), value=value)
        for _ in range(2):
            try:
                self._producer.send(entry, self._told)
            except Unavailable:
                self._producer.flush(10.0)
            else:
                return
        self._told(Unavailable("the producer's queue stays full"))

    def _encoded(self, source: Source, message: Metric | Line) -> bytes:
        record: dict[str, object] = {
            "run": source.run,
            "worker": source.worker,
            "rung": source.rung,
            "time": message.time,
        }
        if isinstance(message, Metric):
            record |= {"name": message.name, "step": message.step, "value": message.value}
            return self._codec.encode(self._metric, record)
        text = message.text.encode("utf-8", "backslashreplace").decode()
        record |= {"line": message.number, "stream": message.stream, "text": text}
        return self._codec.encode(self._line, record)

    def _told(self, error: BrokerError | None) -> None:
        if error is not None:
            self._lost.inc()
            logger.error("a metric or line of a run could not be written: %s", error)

    def settle(self) -> None:
        """Wait for the deliveries, at most 10 s; later ones still count where they are lost."""
        self._producer.flush(10.0)

    def close(self) -> None:
        """Deliver what is left, and stop."""
        self._producer.close()
