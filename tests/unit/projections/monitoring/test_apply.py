"""Records of the derived topics as changes of tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from headrace_broker.record import Record
from headrace_projections.changes import Delete, Upsert
from headrace_projections.monitoring.apply import apply_reference, apply_window
from headrace_projections.monitoring.reference import Reference, ReferenceCodec
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas
from headrace_schemas.errors import SchemaError

CODEC = RecordCodec(ShippedSchemas())
KEY = {
    "project": "flights",
    "deployment": "delays",
    "window_seconds": 86_400,
    "window_start_ms": 1_372_636_800_000,
    "feature": "",
}
REVISED = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)


def record(key: dict[str, Any] | bytes | None, value: bytes | None) -> Record:
    raw = json.dumps(key).encode() if isinstance(key, dict) else key
    millis = int(REVISED.timestamp() * 1000)
    return Record(
        topic="headrace.derived.windows", topic_id="W", partition=0, offset=7, key=raw, value=value, timestamp=millis
    )


def window(**fields: Any) -> Record:
    key = {name: fields.get(name, value) for name, value in KEY.items()}
    return record(key, CODEC.encode(schema_id("derived/window.v1.avsc"), {**key, "count": 3, **fields}))


PLACE = {
    "project": "flights",
    "deployment": "delays",
    "window_seconds": 86_400,
    "window_start": 1_372_636_800_000_000,
}
STAMP = {"revised_time": REVISED, "position": "W:0:7"}


def test_a_whole_window_is_a_row_of_windows() -> None:
    (change,) = apply_window(window(failed=1, matched=2, correct=1, latency_ms_sum=4.5))
    assert isinstance(change, Upsert)
    assert (change.table, change.key) == ("windows", PLACE)
    assert change.row == {
        "count": 3,
        "failed": 1,
        "latency_ms_sum": 4.5,
        "matched": 2,
        "correct": 1,
        "probabilities": 0,
        "log_loss_sum": None,
        "squared_error_sum": None,
        "absolute_error_sum": None,
        **STAMP,
    }


def test_a_value_is_a_row_of_bins_in_their_order() -> None:
    bins = [{"number": 4, "count": 1}, {"number": None, "count": 7}, {"number": 0, "count": 2}]
    (change,) = apply_window(window(feature="wind", count=10, bins=bins))
    assert change == Upsert(
        "bins", {**PLACE, "feature": "wind"}, {"count": 10, "missing": 7, "numbers": [0, 4], "counts": [2, 1], **STAMP}
    )


def test_unmatched_outcomes_belong_to_the_project() -> None:
    (change,) = apply_window(window(feature="@unmatched_outcomes", deployment="", count=5))
    assert change == Upsert("unmatched", {"project": "flights"}, {"outcomes": 5, **STAMP})


@pytest.mark.parametrize(
    ("feature", "table", "key"),
    [
        ("", "windows", PLACE),
        ("wind", "bins", {**PLACE, "feature": "wind"}),
        ("@unmatched_outcomes", "unmatched", {"project": "flights"}),
    ],
)
def test_a_tombstone_removes_the_row(feature: str, table: str, key: dict[str, Any]) -> None:
    assert apply_window(record({**KEY, "feature": feature}, None)) == [Delete(table, key)]


@pytest.mark.parametrize("key", [None, b"", b"[]", b"{}", b"not json"])
def test_a_key_that_cannot_be_read_is_an_error(key: bytes | None) -> None:
    with pytest.raises(SchemaError):
        apply_window(record(key, None))


def test_a_reference_is_a_row_and_its_bins() -> None:
    reference = Reference(
        project="flights",
        deployment="delays",
        model="delay",
        model_version=2,
        window_seconds=3_600,
        edges={"wind": (1.0, 2.0), "@latency_ms": (0.5,)},
        counts={"wind": (3, 4, 5)},
        missing={"wind": 1},
        rows=13,
        source="E:0:3",
    )
    first, *bins = apply_reference(record(reference.key, ReferenceCodec().encode(reference)))
    assert isinstance(first, Upsert)
    assert (first.table, first.row["rows"], first.row["problem"]) == ("reference_of", 13, None)
    key = {"project": "flights", "deployment": "delays"}
    assert bins == [
        Upsert("reference_bins", {**key, "feature": "wind"}, {"edges": [1.0, 2.0], "counts": [3, 4, 5], "missing": 1}),
        Upsert("reference_bins", {**key, "feature": "@latency_ms"}, {"edges": [0.5], "counts": None, "missing": None}),
    ]
