"""Records of a topic as readings: each once, by its place, or a dead letter."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import fastavro
import pytest
from tests.unit.projections.rows.things import group

from headrace_broker.dead_letters import DeadLetter
from headrace_broker.record import Record
from headrace_events.entity_key import encode_key
from headrace_events.envelope import Position, Recorded
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_group_streaming import StreamingDeclared
from headrace_events.ids import CommandId, EventId, Micros
from headrace_events.language import Event
from headrace_events.row_schema import Column, row_schema
from headrace_events.schema import SchemaRegistered
from headrace_events.streaming_windows import Aggregation, columns_of
from headrace_events.topic import TopicChanged, TopicClosed, TopicOpened
from headrace_events.topic_settings import TopicSettings
from headrace_processors.streams.declared import Declared, Stream
from headrace_processors.streams.reading import Readings
from headrace_processors.streams.records import from_topic
from headrace_schemas.codec import RecordCodec, ShippedSchemas
from headrace_schemas.framing import frame

SCHEMA = {
    "type": "record",
    "name": "Landing",
    "fields": [
        {"name": "origin", "type": ["null", "string"]},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "landed", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
        {"name": "delay", "type": ["null", "double", "string"]},
    ],
}
TYPES = {"origin": "string", "day": "date", "landed": "timestamp", "delay": "double"}
TOPIC = "shop.topics.landings"
AGGREGATIONS = (Aggregation(function="mean", column="delay", over="1h"), Aggregation(function="count", over="1h"))
DECLARED = StreamingDeclared(
    name="delays",
    version=1,
    topic="shop.features.delays.1",
    source=TOPIC,
    source_version=0,
    source_topic=TOPIC,
    keys=("origin", "day"),
    aggregations=AGGREGATIONS,
    slide_seconds=600,
    allowed_lateness_seconds=7_200,
    event_time="landed",
    source_fields=tuple(Column(name=name, type=kind) for name, kind in TYPES.items()),
)
COLUMNS = columns_of(DECLARED.keys, TYPES, AGGREGATIONS)
STREAM = Stream(
    group=group("delays", COLUMNS, DECLARED.keys, "window_end"),
    source=group("landings", DECLARED.source_fields, (), "landed"),
    declared=DECLARED,
    schema_id=10_002,
)
LANDED = datetime(2013, 1, 1, 5, 7, tzinfo=UTC)
LANDING: dict[str, Any] = {"origin": "JFK", "day": date(1970, 1, 4), "landed": LANDED, "delay": 4.5}
CODEC = RecordCodec(ShippedSchemas(added={10_001: json.dumps(SCHEMA)}))


def record(value: dict[str, Any] | bytes | None, offset: int = 0, partition: int = 0) -> Record:
    if isinstance(value, dict):
        out = io.BytesIO()
        fastavro.schemaless_writer(out, fastavro.parse_schema(SCHEMA), value)
        value = frame(10_001) + out.getvalue()
    return Record(
        topic=TOPIC, topic_id="t", partition=partition, offset=offset, key=None, value=value, headers={}, timestamp=5
    )


def read(*records: Record) -> tuple[list[tuple[int, int, dict[str, Any] | None]], list[DeadLetter]]:
    """Partitions, times and readings, and what was refused."""
    refused: list[DeadLetter] = []
    found = from_topic(STREAM, records, CODEC, Readings(), refused)
    derived = RecordCodec(ShippedSchemas())
    return [
        (partition, time, None if entry is None or entry.value is None else derived.decode(entry.value))
        for partition, time, entry in found
    ], refused


def test_each_record_is_a_reading_of_its_own_though_another_is_alike() -> None:
    found, refused = read(record(LANDING, 7, 1), record(LANDING, 7), record(None, 8))
    assert refused == []
    time = int(LANDED.timestamp()) * 1_000_000
    assert [(partition, moment) for partition, moment, _ in found] == [(1, time), (0, time)]
    one, other = (reading or {} for _, _, reading in found)
    assert one["source_key"] != other["source_key"]
    assert {one["entity"], other["entity"]} == {encode_key(("string", "date"), ("JFK", 3)).hex()}
    assert (one["numbers"], one["removed"], one["known_at_us"]) == ({"": 1.0, "delay": 4.5}, False, 5_000)


def test_a_null_is_missing_and_a_null_in_a_key_is_in_no_window() -> None:
    found, _ = read(record({**LANDING, "delay": None}), record({**LANDING, "origin": None}))
    (_, _, reading), (_, _, nobodys) = found
    assert reading is not None
    assert (reading["numbers"], nobodys) == ({"": 1.0, "delay": None}, None)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"no Avro", "first byte"),
        (frame(10_001) + b"\x02", "does not follow its schema"),
        (frame(77_777) + b"\x02", "77777"),
        ({**LANDING, "landed": None}, "'landed' has no time"),
        ({**LANDING, "delay": "much"}, "'delay' is no number"),
        ({**LANDING, "delay": float("nan")}, "'delay' is not finite"),
    ],
)
def test_what_is_no_reading_is_a_dead_letter_that_names_the_group_and_disturbs_nobody(
    value: dict[str, Any] | bytes, reason: str
) -> None:
    found, (letter,) = read(record(LANDING), record(value, 1), record(LANDING, 2))
    assert (len(found), letter.record.offset) == (2, 1)
    assert letter.error.startswith("delays.1: ")
    assert reason in letter.error


def recorded(event: Event) -> Recorded:
    return Recorded(
        event=event,
        id=EventId("e"),
        project="shop",
        seq=1,
        version=1,
        actor="user:ada",
        cause=CommandId("c"),
        time=Micros(0),
        at=Position("t", 0, 0),
    )


def test_a_topic_that_gets_partitions_is_read_from_all_of_them_and_its_stream_is_told_again() -> None:
    text = row_schema("shop", "delays", 1, COLUMNS, (*DECLARED.keys, "window_end"))
    created = FeatureGroupCreated(
        name="delays",
        version=1,
        description="",
        columns=COLUMNS,
        primary_key=DECLARED.keys,
        event_time="window_end",
        online=True,
        offline=True,
        topic=DECLARED.topic,
        subject="delays_1",
        schema_id=10_002,
    )
    before = [
        TopicOpened(name=TOPIC, topic_id="t", partitions=1, purpose="user"),
        SchemaRegistered(schema_id=10_002, fingerprint="f", schema=text),
        created,
        DECLARED,
    ]
    declared = Declared()
    assert [declared.take(recorded(event)) for event in before] == [[]] * 4
    opened = TopicOpened(name=DECLARED.topic, topic_id="f", partitions=1, purpose="features")
    (stream,) = declared.take(recorded(opened))
    assert (stream.of_topic, len(stream.source.places)) == (True, 1)
    grown = TopicChanged(name=TOPIC, settings=TopicSettings(partitions=3))
    (stream,) = declared.take(recorded(grown))
    assert [where.partition for where in stream.source.places] == [0, 1, 2]
    assert declared.take(recorded(TopicClosed(name=TOPIC))) == []
    assert declared.take(recorded(replace(DECLARED, version=2))) == []
