"""Reading Avro bodies column by column."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.projections.rows.things import COLUMNS, SCHEMA, TEXT, body

from headrace_events.entity_key import encode_key
from headrace_projections.rows.avro import FIRST_DAY, FIRST_MICROS, LAST_DAY, LAST_MICROS, Decoded, decode, fields_of
from headrace_projections.rows.keys import keys_of
from headrace_schemas.errors import Undecodable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIELDS = fields_of(TEXT)
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "number": st.integers(-(2**63), 2**63 - 1),
    "small": st.integers(-(2**31), 2**31 - 1),
    "share": st.floats(allow_nan=False, allow_infinity=False),
    "part": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "good": st.booleans(),
    "note": st.text(st.characters(codec="utf-8"), max_size=20),
    "raw": st.binary(max_size=20),
    "day": st.integers(FIRST_DAY, LAST_DAY),
}
ROWS = st.fixed_dictionaries(
    {
        "id": st.text(st.characters(codec="utf-8"), max_size=20),
        "at": st.integers(FIRST_MICROS, LAST_MICROS),
        **{name: st.none() | values for name, values in OPTIONAL.items()},
    }
)


def value(decoded: Decoded, name: str, row: int) -> Any:
    """One value of what was read, as Python has it."""
    column = decoded.columns[name]
    if not column.present[row]:
        return None
    if column.numbers is not None:
        return column.numbers[row].item()
    assert column.starts is not None
    assert column.lengths is not None
    start = int(column.starts[row])
    raw = decoded.buffer[start : start + int(column.lengths[row])].tobytes()
    return raw.decode() if column.type == "string" else raw


def assert_equal(decoded: Decoded, rows: list[Mapping[str, Any]]) -> None:
    for number, row in enumerate(rows):
        for column in COLUMNS:
            assert row[column.name] == value(decoded, column.name, number), (number, column.name)


@given(st.lists(ROWS, max_size=20))
def test_every_row_is_read_as_it_was_written(rows: list[Mapping[str, Any]]) -> None:
    decoded = decode(FIELDS, [body(row) for row in rows])
    assert decoded.errors == {}
    assert_equal(decoded, rows)


@given(st.lists(ROWS, min_size=1, max_size=12), st.data())
def test_a_row_that_is_broken_is_told_apart_and_leaves_its_neighbours_alone(
    rows: list[Mapping[str, Any]], data: st.DataObject
) -> None:
    bodies = [body(row) for row in rows]
    broken = data.draw(st.integers(0, len(rows) - 1))
    cut = data.draw(st.integers(0, len(bodies[broken]) - 1))
    bodies[broken] = data.draw(st.sampled_from([bodies[broken][:cut], bodies[broken] + b"\0"]))
    decoded = decode(FIELDS, bodies)
    assert set(decoded.errors) == {broken}
    for number, row in enumerate(rows):
        if number != broken:
            assert value(decoded, "id", number) == row["id"]
            assert value(decoded, "day", number) == row["day"]


@given(st.lists(st.binary(max_size=60), max_size=20))
@settings(max_examples=300)
def test_any_bytes_are_read_as_the_reference_reads_them_or_refused(bodies: list[bytes]) -> None:
    decoded = decode(FIELDS, bodies)
    for number, raw in enumerate(bodies):
        if number in decoded.errors:
            continue
        stream = io.BytesIO(raw)
        row: Any = fastavro.schemaless_reader(stream, SCHEMA, None)
        assert stream.tell() == len(raw)
        micros = (row["at"] - EPOCH) // timedelta(microseconds=1)
        assert value(decoded, "at", number) == micros
        assert value(decoded, "id", number) == row["id"]


@given(st.lists(ROWS, max_size=10))
def test_keys_in_bulk_are_the_canonical_keys(rows: list[Mapping[str, Any]]) -> None:
    decoded = decode(FIELDS, [body(row) for row in rows])
    types = ("string", "timestamp")
    expected = [encode_key(types, (row["id"], row["at"])) for row in rows]
    assert keys_of(decoded.buffer, types, [decoded.columns["id"], decoded.columns["at"]]) == expected


@pytest.mark.parametrize(
    ("field", "number"),
    [("at", LAST_MICROS + 1), ("at", FIRST_MICROS - 1), ("day", LAST_DAY + 1), ("small", 2**31)],
)
def test_a_number_outside_what_its_type_can_be_is_refused(field: str, number: int) -> None:
    plain: Any = json.loads(TEXT)
    for entry in plain["fields"]:
        if entry["name"] == field:
            entry["type"] = "long" if entry["name"] == "at" else ["null", "long"]
    row = {"id": "a", "at": 0, **dict.fromkeys(OPTIONAL), field: number}
    decoded = decode(FIELDS, [body(row, fastavro.parse_schema(plain))])
    assert list(decoded.errors) == [0]
    assert field in decoded.errors[0]


@pytest.mark.parametrize("name", ["share", "part"])
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused_alone(name: str, number: float) -> None:
    good: dict[str, Any] = {"id": "a", "at": 0, **dict.fromkeys(OPTIONAL), "share": 0.5, "part": 0.25, "note": "n"}
    decoded = decode(FIELDS, [body(row) for row in (good, {**good, name: number}, good)])
    assert decoded.errors == {1: f"column {name!r} holds a number that is not finite"}
    assert [value(decoded, field, row) for row in (0, 2) for field in ("share", "part", "note")] == [0.5, 0.25, "n"] * 2


def test_a_string_that_is_not_utf8_is_refused() -> None:
    good = body({"id": "ab", "at": 0, **dict.fromkeys(OPTIONAL)})
    decoded = decode(FIELDS, [good, good.replace(b"ab", b"\xff\xfe"), good])
    assert decoded.errors == {1: "column 'id' holds a string that is not UTF-8"}


def test_a_string_longer_than_memory_is_refused() -> None:
    decoded = decode(FIELDS, [b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"])
    assert decoded.errors == {0: "the body ends inside column 'id'"}


@pytest.mark.parametrize(
    "schema",
    ['{"type": "string"}', '["null"]', '{"type":"record","name":"r","fields":[{"name":"a","type":["int","string"]}]}'],
)
def test_a_schema_that_is_no_flat_record_is_refused(schema: str) -> None:
    with pytest.raises(Undecodable):
        fields_of(schema)
