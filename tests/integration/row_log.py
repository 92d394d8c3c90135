"""A log with feature groups in it, written as the command processor and provisioning would, for tests of row projections."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import fastavro
from confluent_kafka import Producer

from headrace_broker.admin import Admin, until
from headrace_broker.connection import Connection
from headrace_broker.envelopes import event_entry
from headrace_broker.feed import MetadataFeed
from headrace_broker.internal import prepare
from headrace_broker.topics import PLATFORM, project_topics, requested_topic
from headrace_broker.transactions import TransactionalWriter
from headrace_events.entity_key import encode_key
from headrace_events.envelope import Recorded
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.ids import CommandId, EventId
from headrace_events.language import Event
from headrace_events.project import ProjectReady
from headrace_events.row_schema import Column, fingerprint, row_schema
from headrace_events.schema import SchemaRegistered, SubjectVersionRegistered
from headrace_events.topic import TopicOpened
from headrace_projections.rows.groups import Group
from headrace_schemas.codec import MessageCodec
from headrace_schemas.framing import frame
from tests.integration.stack import RunningStack

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


class RowLog:
    """Writes metadata events and rows with the broker's own certificate."""

    def __init__(self, stack: RunningStack) -> None:
        files = stack.credentials("broker")
        self.connection = Connection(
            bootstrap=stack.bootstrap, ca=files.ca, certificate=files.cert, key=files.key
        )
        prepare(self.connection)
        self._admin = Admin(self.connection)
        self._codec = MessageCodec()
        self._writer = TransactionalWriter(self.connection, f"headrace.test-{uuid.uuid4()}")
        self.producer = Producer(
            {**self.connection.librdkafka(), "linger.ms": 5, "compression.type": "lz4", "partitioner": "murmur2_random"}
        )

    def record(self, events: Iterable[tuple[str | None, Event]]) -> None:
        """Append events, each with its project (None: the platform's), numbered after those that are there."""
        feed = MetadataFeed(self.connection)
        until(lambda: (feed.poll(0.2), feed.at_end() or None)[1], "the metadata to be read")
        seqs: dict[str, int] = {}
        self._writer.begin()
        for project, event in events:
            topic = PLATFORM if event.home.value != "project" else f"{project}.events"
            seqs[topic] = seqs.get(topic, feed.seq(topic)) + 1
            recorded = Recorded(
                event=event,
                id=EventId(str(uuid.uuid4())),
                project=project,
                seq=seqs[topic],
                version=1,
                actor="user:tester",
                cause=CommandId(str(uuid.uuid4())),
            )
            self._writer.write([event_entry(recorded, self._codec)])
        self._writer.commit_alone()
        feed.close()

    def make_project(self, name: str | None = None) -> str:
        """Make a project with its topics; returns its name."""
        project = name or f"p{uuid.uuid4().hex[:10]}"
        topics = self._admin.create_topics(project_topics(project))
        self.record([(None, ProjectReady(project=project, topics=tuple(topics)))])
        return project

    def make_group(
        self,
        project: str,
        name: str = "things",
        columns: Sequence[Column] = COLUMNS,
        primary_key: Sequence[str] = ("id",),
        event_time: str | None = "at",
        partitions: int = 2,
        schema_id: int | None = None,
        announce_schema: bool = True,
        ttl_seconds: int | None = None,
    ) -> MadeGroup:
        """Make version 1 of a group and open its topic."""
        topic = f"{project}.features.{name}.1"
        required = (*primary_key, *((event_time,) if event_time else ()))
        text = row_schema(project, name, 1, columns, required)
        schema_id = schema_id or 10_000 + uuid.uuid4().int % 1_000_000_000
        (opened,) = self._admin.create_topics([requested_topic(topic, partitions, "features")])
        created = FeatureGroupCreated(
            name=name,
            version=1,
            description="",
            columns=tuple(columns),
            primary_key=tuple(primary_key),
            event_time=event_time,
            online=True,
            offline=True,
            ttl_seconds=ttl_seconds,
            topic=topic,
            subject=f"{name}_1",
            schema_id=schema_id,
        )
        schema: list[tuple[str | None, Event]] = []
        if announce_schema:
            schema = [self.schema_event(schema_id, text)]
        self.record(
            [
                *schema,
                (project, SubjectVersionRegistered(subject=f"{name}_1", version=1, schema_id=schema_id)),
                (project, created),
                (project, TopicOpened.of(opened)),
            ]
        )
        group = Group(
            project=project,
            name=name,
            version=1,
            columns=tuple(columns),
            primary_key=tuple(primary_key),
            event_time=event_time,
            online=True,
            offline=True,
            ttl_seconds=ttl_seconds,
            subject=f"{name}_1",
            topic=topic,
            topic_id=opened.topic_id,
            partitions=opened.partitions,
        )
        return MadeGroup(group=group, schema_id=schema_id, schema=fastavro.parse_schema(json.loads(text)))

    @staticmethod
    def schema_event(schema_id: int, text: str) -> tuple[None, Event]:
        """The announcement of a schema."""
        return None, SchemaRegistered(schema_id=schema_id, fingerprint=fingerprint(text), schema=text)

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
def row_log(stack: RunningStack) -> Iterator[RowLog]:
    """Open the log of a running stack."""
    log = RowLog(stack)
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
