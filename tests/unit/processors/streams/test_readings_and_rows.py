"""Rows of a source as readings, and aggregates as rows: pure functions of records."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import fastavro
import pytest
from tests.unit.projections.rows.things import SCHEMAS, THINGS, delete, group, record

from headrace_broker.record import Entry, Record
from headrace_broker.topics import AGGREGATES, READINGS
from headrace_events.entity_key import encode_key
from headrace_events.feature_group_streaming import StreamingDeclared
from headrace_events.row_schema import row_schema
from headrace_events.streaming_windows import Aggregation, columns_of
from headrace_processors.streams.aggregated import place_of, row_of, value_of
from headrace_processors.streams.declared import Stream
from headrace_processors.streams.errors import Unusable
from headrace_processors.streams.reading import Readings
from headrace_projections.rows.fit import fit
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas
from headrace_schemas.framing import HEAD_BYTES

MINUTE = 60_000_000
SHARE = Aggregation(function="mean", column="share", over="20min")
SPREAD = Aggregation(function="stddev", column="share", over="20min")
COUNT = Aggregation(function="count", over="1h")
TYPES = {column.name: column.type for column in THINGS.columns}
AGGREGATIONS = (SHARE, SPREAD, COUNT)
COLUMNS = columns_of(("note", "day"), TYPES, AGGREGATIONS)
ROWS = row_schema("shop", "shares", 1, COLUMNS, ("note", "day", "window_end"))
STREAM = Stream(
    group=group("shares", COLUMNS, ("note", "day"), "window_end"),
    source=THINGS,
    declared=StreamingDeclared(
        name="shares",
        version=1,
        topic="shop.features.shares.1",
        source="things",
        source_version=1,
        source_topic=THINGS.topic,
        keys=("note", "day"),
        aggregations=AGGREGATIONS,
        slide_seconds=600,
        allowed_lateness_seconds=7_200,
    ),
    schema_id=10_002,
)
THING: dict[str, Any] = {
    "id": "a",
    "at": 13 * MINUTE,
    "number": 1,
    "small": 2,
    "share": 0.5,
    "part": None,
    "good": True,
    "note": "n",
    "raw": b"",
    "day": 3,
}
ENTITY = encode_key(("string", "date"), ("n", 3))
DERIVED = RecordCodec(ShippedSchemas())


def readings(*records: Record) -> list[dict[str, Any] | None]:
    """What becomes of records of the source."""
    made: list[Entry | None] = []
    for rows in fit(THINGS, SCHEMAS, records).rows:
        if rows.deleted:
            made += Readings().removals(STREAM, rows)
        else:
            made += [entry for _, _, entry in Readings().readings(STREAM, rows)]
    assert {entry.topic for entry in made if entry is not None} <= {READINGS}
    return [DERIVED.decode(entry.value) if entry is not None and entry.value else None for entry in made]


def test_a_row_becomes_a_reading_of_its_entity_in_its_pane() -> None:
    (found,) = readings(record(THING, 7, timestamp=5))
    assert found == {
        "project": "shop",
        "feature_group": "shares.1",
        "entity": ENTITY.hex(),
        "source_key": encode_key(("string",), ("a",)).hex(),
        "time_us": 13 * MINUTE,
        "known_at_us": 5_000,
        "source_offset": 7,
        "removed": False,
        "pane_end_us": 20 * MINUTE,
        "numbers": {"": 1.0, "share": 0.5},
    }


def test_a_null_is_missing() -> None:
    (found,) = readings(record({**THING, "share": None}, 7))
    assert found is not None
    assert found["numbers"] == {"": 1.0, "share": None}


@pytest.mark.parametrize("share", [math.nan, math.inf])
def test_a_row_with_a_number_that_is_not_finite_is_no_row_and_no_reading(share: float) -> None:
    assert readings(record({**THING, "share": share}, 7)) == []


@pytest.mark.parametrize("part", ["note", "day"])
def test_a_row_with_a_null_in_its_entity_is_no_reading(part: str) -> None:
    assert readings(record({**THING, part: None}, 7)) == [None]


def test_a_delete_becomes_a_removal() -> None:
    (found,) = readings(delete("a", 8, 14 * MINUTE))
    assert found is not None
    assert (found["removed"], found["time_us"], found["numbers"], found["entity"]) == (True, 14 * MINUTE, {}, "")


def test_the_definition_names_each_window_once() -> None:
    entry = Readings().definition(STREAM)
    assert entry.value is not None
    found = DERIVED.decode(entry.value)
    assert found["frames"] == [{"number": "share", "over_slides": 2}, {"number": "", "over_slides": 6}]
    assert (found["slide_us"], found["steps"]) == (10 * MINUTE, [0, 1, 2, 3, 4, 5, 6])


def aggregate(*frames: dict[str, Any], tombstone: bool = False) -> Record:
    """A record as Flink writes it."""
    place = {"project": "shop", "feature_group": "shares.1", "entity": ENTITY.hex(), "end_us": 20 * MINUTE}
    value = DERIVED.encode(schema_id("derived/aggregate.v1.avsc"), {**place, "frames": list(frames)})
    return Record(
        topic=AGGREGATES,
        topic_id="t",
        partition=0,
        offset=3,
        key=json.dumps(place).encode(),
        value=None if tombstone else value,
    )


def row(found: Record) -> dict[str, Any]:
    """The row that becomes of an aggregate."""
    entry = row_of(STREAM, found, DERIVED, RecordCodec(ShippedSchemas(added={10_002: ROWS})))
    assert (entry.topic, entry.key) == ("shop.features.shares.1", ENTITY)
    assert entry.value is not None
    read: Any = fastavro.schemaless_reader(
        io.BytesIO(entry.value[HEAD_BYTES:]), fastavro.parse_schema(json.loads(ROWS)), None
    )
    return {name: value for name, value in read.items() if name not in {"note", "day", "window_end"}}


HELD = {"number": "share", "over_slides": 2, "count": 2, "total": 3.0, "squares": 5.0, "least": 1.0, "most": 2.0}


def test_an_aggregate_becomes_a_row_and_what_it_lacks_is_empty() -> None:
    assert place_of(aggregate(HELD)) == ("shop", "shares.1", ENTITY.hex(), 20 * MINUTE)
    assert row(aggregate(HELD)) == {"share_mean_20min": 1.5, "share_stddev_20min": 0.5, "count_1h": 0}


def test_an_aggregate_that_is_taken_back_becomes_an_empty_row() -> None:
    assert row(aggregate(tombstone=True)) == {"share_mean_20min": None, "share_stddev_20min": None, "count_1h": 0}


def test_an_aggregate_of_a_strange_entity_is_unusable() -> None:
    found = aggregate(HELD)
    strange = Record(
        topic="t",
        topic_id="t",
        partition=0,
        offset=0,
        key=found.key and found.key.replace(b'"03', b'"09'),
        value=found.value,
    )
    with pytest.raises(Unusable):
        row(strange)


@pytest.mark.parametrize(
    ("function", "value"), [("count", 2), ("sum", 3.0), ("mean", 1.5), ("min", 1.0), ("max", 2.0), ("stddev", 0.5)]
)
def test_values(function: str, value: float) -> None:
    assert value_of(function, HELD) == value


def test_a_deviation_is_never_of_less_than_nothing() -> None:
    held = {**HELD, "total": 0.2 + 0.1, "squares": 0.04 + 0.01 - 1e-2}
    assert value_of("stddev", held) == 0.0


def test_what_is_too_large_is_missing() -> None:
    assert value_of("sum", {**HELD, "total": math.inf}) is None
