"""Records as JSON lines and back."""

from __future__ import annotations

import io
import json
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace._json_records import from_json, to_json

SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "shop.Sale",
        "fields": [
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "day", "type": ["null", {"type": "int", "logicalType": "date"}], "default": None},
            {"name": "opens", "type": ["null", {"type": "long", "logicalType": "time-micros"}], "default": None},
            {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
            {"name": "photo", "type": ["null", "bytes"], "default": None},
            {"name": "weights", "type": {"type": "array", "items": "double"}},
            {"name": "tags", "type": {"type": "map", "values": ["string", "long"]}},
            {
                "name": "inner",
                "type": ["null", {"type": "record", "name": "Inner", "fields": [{"name": "on", "type": "boolean"}]}],
            },
            {"name": "again", "type": ["null", "shop.Inner"]},
            {"name": "size", "type": {"type": "enum", "name": "Size", "symbols": ["S", "L"]}},
        ],
    }
)

optional = st.none() | st.binary(max_size=20)
inners = st.none() | st.fixed_dictionaries({"on": st.booleans()})
sales = st.fixed_dictionaries(
    {
        "at": st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
        "day": st.none() | st.dates(),
        "opens": st.none() | st.times(),
        "price": st.decimals(-(10**9), 10**9, places=2),
        "photo": optional,
        "weights": st.lists(st.floats(allow_nan=False), max_size=4),
        "tags": st.dictionaries(
            st.text(max_size=5), st.text(max_size=5) | st.integers(-(2**63), 2**63 - 1), max_size=3
        ),
        "inner": inners,
        "again": inners,
        "size": st.sampled_from(["S", "L"]),
    }
)


def written(record: Any) -> bytes:
    """The record's bytes."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, SCHEMA, record, strict_allow_default=True)
    return out.getvalue()


def read(payload: bytes) -> Any:
    """The record in the bytes."""
    return fastavro.schemaless_reader(io.BytesIO(payload), SCHEMA, None)


@given(sales)
def test_a_record_that_goes_through_a_json_line_is_the_same_record(sale: dict[str, Any]) -> None:
    decoded = read(written(sale))
    line = json.dumps(to_json(decoded), allow_nan=False)
    assert read(written(from_json(SCHEMA, json.loads(line)))) == decoded


def test_values_are_written_as_people_write_them() -> None:
    values = [
        datetime(2026, 1, 2, 3, tzinfo=UTC),
        date(2026, 1, 2),
        time(3, 4),
        Decimal("1.50"),
        b"\x00\xff",
        -math.inf,
    ]
    assert to_json(values) == ["2026-01-02T03:00:00+00:00", "2026-01-02", "03:04:00", "1.50", "AP8=", "-Infinity"]


def test_a_time_without_a_zone_is_utc_and_a_number_is_what_avro_has() -> None:
    moment = {"type": "long", "logicalType": "timestamp-micros"}
    assert from_json(moment, "2026-01-02T03:00:00") == datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert from_json(moment, 5) == 5


def test_not_a_number_comes_back() -> None:
    assert math.isnan(from_json("double", to_json(math.nan)))
    assert from_json("string", "NaN") == "NaN"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "long", "logicalType": "timestamp-millis"}, "yesterday"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, "much"),
        ("bytes", "no base64"),
        (["null", "long"], "five"),
        (["null", "long"], True),
        (["null", {"type": "enum", "name": "E", "symbols": ["A"]}], "B"),
    ],
)
def test_what_stands_for_nothing_is_refused(schema: Any, value: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_json(fastavro.parse_schema(schema), value)


def test_what_the_schema_has_no_place_for_is_left_to_the_encoder() -> None:
    assert from_json(SCHEMA, {"colour": "red", "size": 5}) == {"colour": "red", "size": 5}
    assert from_json(SCHEMA, [1]) == [1]
