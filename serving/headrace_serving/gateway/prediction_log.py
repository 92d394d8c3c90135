"""Every predicted row on `<project>.predictions` before the answer is given: the port, its twin, and Kafka."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from headrace_broker.connection import Connection
from headrace_broker.errors import BrokerError
from headrace_broker.producing import RecordProducer
from headrace_broker.record import Entry
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas
from headrace_serving.errors import NotLogged

Record = Mapping[str, Any]
"""A prediction as `predictions/prediction.v1.avsc` says."""

SCHEMA = "predictions/prediction.v1.avsc"


class PredictionLog(Protocol):
    """Takes predictions."""

    async def write(self, project: str, records: Sequence[Record]) -> None:
        """Return when the log has all of them; raises NotLogged (then it may have some)."""
        ...


@dataclass(slots=True)
class MemoryPredictionLog:
    """The twin: keeps everything, as bytes would give it back; `broken` makes it refuse."""

    written: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    broken: bool = False
    _codec: RecordCodec = field(default_factory=lambda: RecordCodec(ShippedSchemas()))

    async def write(self, project: str, records: Sequence[Record]) -> None:
        """Keep them."""
        if self.broken:
            raise NotLogged("the prediction could not be logged, so it is not given: try again with the same id")
        for record in records:
            payload = self._codec.encode(schema_id(SCHEMA), record)
            self.written.append((project, self._codec.decode(payload)))


class KafkaPredictionLog:
    """Writes idempotently with acks=all; every delivery counts, in `logged` or in `lost`."""

    def __init__(self, connection: Connection, logged: Any, lost: Any) -> None:
        self._producer = RecordProducer(connection, delivery_seconds=5.0)
        self._codec = RecordCodec(ShippedSchemas())
        self._schema = schema_id(SCHEMA)
        self._logged = logged
        self._lost = lost

    async def write(self, project: str, records: Sequence[Record]) -> None:
        """Return when the brokers have all of them."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[list[BrokerError]] = loop.create_future()
        waiting = _Waiting(len(records), lambda failures: loop.call_soon_threadsafe(_settle, done, failures))
        for record in records:
            try:
                self._producer.send(self._entry(project, record), waiting.delivered)
            except BrokerError as error:
                waiting.delivered(error)
        failures = await done
        self._logged.inc(len(records) - len(failures))
        if failures:
            self._lost.inc(len(failures))
            raise NotLogged(
                f"{len(failures)} of {len(records)} predictions could not be logged ({failures[0]}), so none is given: "
                "try again with the same id"
            )

    def _entry(self, project: str, record: Record) -> Entry:
        inference_id = record["inference_id"]
        headers = {
            "ce_specversion": "1.0",
            "ce_id": inference_id,
            "ce_type": "inference.predicted",
            "ce_source": f"/headrace/projects/{project}/deployments/{record['deployment']}",
            "content-type": "application/avro",
            "headrace_actor": record["actor"],
        }
        value = self._codec.encode(self._schema, record)
        return Entry(topic=f"{project}.predictions", key=inference_id.encode(), value=value, headers=headers)

    def close(self) -> None:
        """Deliver what is left, and stop."""
        self._producer.close()


class _Waiting:
    """Counts deliveries, which come on another thread, and tells when the last one came."""

    def __init__(self, count: int, tell: Any) -> None:
        self._count = count
        self._tell = tell
        self._failures: list[BrokerError] = []
        self._lock = threading.Lock()

    def delivered(self, error: BrokerError | None) -> None:
        """Note one delivery."""
        with self._lock:
            self._count -= 1
            if error is not None:
                self._failures.append(error)
            last = self._count == 0
        if last:
            self._tell(self._failures)


def _settle(done: "asyncio.Future[list[BrokerError]]", failures: list[BrokerError]) -> None:
    if not done.cancelled():
        done.set_result(failures)
