"""Feature groups on a real log, and their rows as any producer may write them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import fastavro
from confluent_kafka import Producer
from tests.integration.clients import connection, eventually
from tests.integration.platform import Platform

from headrace_broker.admin import until
from headrace_broker.follower import LEAVING_MS, Follower
from headrace_broker.record import Record
from headrace_events.entity_key import encode_key
from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.row_schema import Column
from headrace_projections.rows.groups import Group, Groups
from headrace_schemas.framing import frame

COLUMNS = (
    Column(name="id", type="string"),
    Column(name="at", type="timestamp"),
    Column(name="number", type="bigint"),
    Column(name="share", type="double"),
    Column(name="note", type="string"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeGroup:
    """A group that the log announces, and how its rows are written."""

    group: Group
    schema_id: int
    schema: Any

    def key(self, row: Mapping[str, Any]) -> bytes:
        """Its canonical key."""
        return encode_key(self.group.key_types, [row[name] for name in self.group.primary_key])

    def value(self, row: Mapping[str, Any]) -> bytes:
        """Its framed Avro bytes."""
        body = io.BytesIO()
        body.write(frame(self.schema_id))
        fastavro.schemaless_writer(body, self.schema, dict(row))
        return body.getvalue()

    def read(self, record: Record) -> dict[str, Any]:
        """The row that a record holds."""
        assert record.value is not None
        row = fastavro.schemaless_reader(io.BytesIO(record.value[5:]), self.schema, None)
        assert isinstance(row, dict)
        return row


class RowLog:
    """Makes feature groups by command, and writes their rows with the broker's own certificate."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.connection = connection(platform.stack, "broker")
        self.producer = Producer(
            {**self.connection.librdkafka(), "linger.ms": 5, "compression.type": "lz4", "partitioner": "murmur2_random"}
        )

    def make_group(
        self,
        project: str,
        name: str = "things",
        *,
        columns: Sequence[Column] = COLUMNS,
        primary_key: Sequence[str] = ("id",),
        event_time: str | None = "at",
        partitions: int = 2,
        ttl_seconds: int | None = None,
    ) -> MadeGroup:
        """Make the next version of a group, and wait until its topic is open."""
        self.platform.send(
            CreateFeatureGroup(
                project=project,
                name=name,
                columns=tuple(columns),
                primary_key=tuple(primary_key),
                event_time=event_time,
                partitions=partitions,
                ttl_seconds=ttl_seconds,
            ),
            "user:ada",
        )
        return eventually(lambda: self._made(project, name), f"the topic of {name}")

    def _made(self, project: str, name: str) -> MadeGroup | None:
        groups = Groups()
        ready = [group for recorded in self.platform.events() if (group := groups.take(recorded)) is not None]
        mine = [group for group in ready if (group.project, group.name) == (project, name)]
        if not mine:
            return None
        ((schema_id, text),) = groups.schemas_of(mine[-1]).items()
        return MadeGroup(group=mine[-1], schema_id=schema_id, schema=fastavro.parse_schema(json.loads(text)))

    def group_now(self, made: MadeGroup) -> Group:
        """The group as the log tells it now."""
        now = self._made(made.group.project, made.group.name)
        assert now is not None
        return now.group

    def records(self, made: MadeGroup) -> list[Record]:
        """Everything on the group's topic."""
        follower = Follower(self.connection, wait_ms=LEAVING_MS)
        follower.follow(dict.fromkeys(made.group.places, 0))
        found: list[Record] = []
        while not follower.at_end():
            found += follower.poll(seconds=1.0).records
        follower.close()
        return found

    def produce(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Mapping[str, str] | None = None,
        partition: int | None = None,
    ) -> None:
        """Hand one record to the producer."""
        arguments: dict[str, Any] = {"headers": {k: v.encode() for k, v in (headers or {}).items()}}
        if partition is not None:
            arguments["partition"] = partition
        while True:
            try:
                self.producer.produce(topic, key=key, value=value, **arguments)
            except BufferError:
                self.producer.poll(0.1)
            else:
                return

    def insert(self, made: MadeGroup, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows to the group's topic; they are there when this returns."""
        for row in rows:
            self.produce(made.group.topic, made.key(row), made.value(row))
        self.flush()

    def delete(self, made: MadeGroup, row: Mapping[str, Any], event_time: int) -> None:
        """Write a delete."""
        self.produce(made.group.topic, made.key(row), None, {"headrace_event_time": str(event_time)})
        self.flush()

    def flush(self) -> None:
        """Wait until the brokers have everything."""
        if self.producer.flush(30):
            raise AssertionError("the brokers did not take the rows in time")

    def close(self) -> None:
        """Stop."""
        self.producer.flush(5)


@contextmanager
def row_log(platform: Platform) -> Iterator[RowLog]:
    """Open the log of a running platform."""
    log = RowLog(platform)
    try:
        yield log
    finally:
        log.close()


def steps_until(step: Callable[[], object], condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Take steps until the condition holds; raises Unavailable after that many seconds."""

    def ask() -> bool | None:
        step()
        return True if condition() else None

    until(ask, "the projection", seconds)
