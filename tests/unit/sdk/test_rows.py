"""Which rows an insert takes, from any frame, and what they become."""

from __future__ import annotations

import io
import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import fastavro
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace import Feature, Invalid
from headrace._columns import features_of
from headrace._frames import slices
from headrace._growth import appended
from headrace._insert import claimed_time
from headrace._rows import EncodedRow, Known, Refusal, RowEncoder, RowSchema
from headrace_events.entity_key import encode_key
from headrace_events.row_schema import Appended, Column, grown_schema, row_schema

TYPES = {
    "id": "string",
    "at": "timestamp",
    "whole": "bigint",
    "small": "int",
    "real": "double",
    "flag": "boolean",
    "day": "date",
    "raw": "binary",
}
TEXT = row_schema("shop", "things", 1, [Column(name=n, type=t) for n, t in TYPES.items()], ("id", "at"))
SCHEMA = fastavro.parse_schema(json.loads(TEXT))
AT = datetime(2013, 1, 1, 5, tzinfo=UTC)
ENCODER = RowEncoder(RowSchema(types=TYPES, primary_key=("id",), event_time="at", schema_id=10_001, schema=TEXT))


def encoded(frame: Any, size: int = 10_000) -> tuple[list[EncodedRow], list[Refusal]]:
    rows: list[EncodedRow] = []
    refused: list[Refusal] = []
    for part in slices(frame, size):
        good, bad = ENCODER.encode(part)
        rows += good
        refused += bad
    return rows, refused


def decoded(row: EncodedRow) -> dict[str, Any]:
    assert row.value[:5] == b"\0" + (10_001).to_bytes(4)
    read: Any = fastavro.schemaless_reader(io.BytesIO(row.value[5:]), SCHEMA, None)
    return dict(read)


def rows_of(frame: Any) -> list[dict[str, Any]]:
    good, bad = encoded(frame)
    assert bad == []
    return [decoded(row) for row in good]


WHOLE = {
    "id": ["a", "b"],
    "at": [AT, AT + timedelta(hours=1)],
    "whole": [1, 2**40],
    "small": [-3, 4],
    "real": [0.5, 2.0],
    "flag": [True, False],
    "day": [date(2013, 1, 1), date(1960, 2, 29)],
    "raw": [b"\0", b"xyz"],
}


def test_a_frame_of_any_library_gives_the_same_rows() -> None:
    rows = [dict(zip(WHOLE, values, strict=True)) for values in zip(*WHOLE.values(), strict=True)]
    expected, _ = encoded(rows)
    assert [decoded(row) for row in expected] == rows
    assert [row.key for row in expected] == [encode_key(["string"], [name]) for name in "ab"]
    table = pa.table({name: pa.array(values) for name, values in WHOLE.items()})
    for frame in (pd.DataFrame(WHOLE), pl.DataFrame(WHOLE), table, table.combine_chunks().to_batches()[0]):
        assert encoded(frame) == (expected, [])
    assert encoded(pd.concat([pd.DataFrame(WHOLE)] * 3), size=2) == (expected * 3, [])


def test_the_callers_frame_is_left_as_it_is() -> None:
    frame = pd.DataFrame({**WHOLE, "whole": [1.0, None]}, index=[7, 7])
    before = frame.copy(deep=True)
    encoded(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert [feature.name for feature in features_of(frame)] == list(WHOLE)
    pd.testing.assert_frame_equal(frame, before)


def test_times_of_any_zone_and_unit_become_microseconds_utc() -> None:
    new_york = pd.date_range("2013-03-10 01:00", periods=3, freq="h", tz="America/New_York")
    frames = [
        pd.DataFrame({"id": list("abc"), "at": new_york}),
        pd.DataFrame({"id": list("abc"), "at": new_york.astype(object)}),
        pd.DataFrame({"id": list("abc"), "at": new_york.tz_convert("UTC").tz_localize(None).astype("datetime64[s]")}),
        pl.DataFrame({"id": list("abc"), "at": pl.Series(new_york.tz_convert("UTC").tolist()).cast(pl.Datetime("ms"))}),
        [{"id": name, "at": moment.to_pydatetime()} for name, moment in zip("abc", new_york, strict=True)],
        [{"id": name, "at": moment} for name, moment in zip("abc", new_york, strict=True)],
    ]
    expected = [datetime(2013, 3, 10, hour, tzinfo=UTC) for hour in (6, 7, 8)]
    for frame in frames:
        assert [row["at"] for row in rows_of(frame)] == expected
    east = datetime(2013, 1, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert rows_of([{"id": "a", "at": east}])[0]["at"] == datetime(2013, 1, 1, 6, 30, tzinfo=UTC)


GOOD = {"id": "a", "at": AT}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"at": AT}, "key 'id' is missing"),
        ({**GOOD, "id": None}, "key 'id' is missing"),
        ({"id": "a"}, "event time 'at' is missing"),
        ({**GOOD, "at": pd.NaT}, "event time 'at' is missing"),
        ({**GOOD, "id": 5}, "column 'id': '5' (int) is not a string"),
        ({**GOOD, "id": float("nan")}, "column 'id': 'nan' (float) is not a string"),
        ({**GOOD, "id": "\ud800"}, "is not valid Unicode"),
        ({**GOOD, "at": "2013-01-01"}, "column 'at': '2013-01-01' (str) is not a timestamp"),
        ({**GOOD, "at": 5}, "is not a timestamp"),
        ({**GOOD, "whole": 2**63}, "is not a whole number of 64 bits"),
        ({**GOOD, "whole": 1.5}, "is not a whole number"),
        ({**GOOD, "whole": math.nan}, "is not a whole number"),
        ({**GOOD, "whole": True}, "is not a whole number"),
        ({**GOOD, "small": 2**31}, "is not a whole number of 32 bits"),
        ({**GOOD, "real": "1"}, "is not a number"),
        ({**GOOD, "real": False}, "is not a number"),
        (
            {**GOOD, "real": math.nan},
            "column 'real': 'nan' (float) is not a number: give None where a value is missing",
        ),
        ({**GOOD, "real": np.float32("nan")}, "give None where a value is missing"),
        ({**GOOD, "real": math.inf}, "column 'real': 'inf' (float) is not finite"),
        ({**GOOD, "real": -math.inf}, "is not finite"),
        ({**GOOD, "flag": 1}, "is not a boolean"),
        ({**GOOD, "day": AT}, "is a time, not a date"),
        ({**GOOD, "raw": "text"}, "is not bytes"),
        ({**GOOD, "colour": "red"}, "the group has no column 'colour'"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_alone_with_its_place_and_reason(row: dict[str, Any], reason: str) -> None:
    good, bad = encoded([GOOD, row, {**GOOD, "id": "c"}], size=2)
    assert [decoded(one)["id"] for one in good] == ["a", "c"]
    assert [one.row for one in bad] == [1]
    assert reason in bad[0].reason


def test_a_frame_refuses_its_bad_rows_by_their_index() -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", None, "c", "d", "e"],
            "at": [AT, AT, AT, pd.NaT, AT],
            "whole": [1, 2, 2.5, None, 4],
            "colour": [None, None, None, None, "red"],
        }
    )
    good, bad = encoded(frame, size=2)
    assert [decoded(row)["whole"] for row in good] == [1]
    assert {one.row: one.reason for one in bad} == {
        1: "key 'id' is missing",
        2: "column 'whole': '2.5' (float) is not a whole number",
        3: "event time 'at' is missing",
        4: "the group has no column 'colour'",
    }


PANDAS = [
    pd.Series([0.5, np.nan, -np.inf, np.inf]),
    pd.Series([0.5, np.nan, -np.inf, np.inf], dtype="float32"),
    pd.Series([0.5, None, -np.inf, np.inf], dtype="Float64"),
    pd.Series([0.5, np.nan, -np.inf, np.inf], dtype=object),
    pd.Series(pa.array([0.5, math.nan, -math.inf, math.inf]), dtype=pd.ArrowDtype(pa.float64())),
]


@pytest.mark.parametrize("column", PANDAS, ids=lambda column: str(column.dtype))
def test_a_nan_of_pandas_is_a_missing_value_and_infinity_is_refused(column: pd.Series[Any]) -> None:
    good, bad = encoded(pd.DataFrame({"id": list("abcd"), "at": [AT] * 4, "real": column}))
    assert [decoded(row)["real"] for row in good] == [0.5, None]
    assert [(one.row, one.reason.partition(") ")[2]) for one in bad] == [(2, "is not finite"), (3, "is not finite")]


def frames_with_their_own_null(values: list[float | None]) -> list[Any]:
    columns = {"id": [str(n) for n in range(len(values))], "at": [AT] * len(values), "real": values}
    return [
        pl.DataFrame(columns, strict=False),
        pa.table({name: pa.array(given) for name, given in columns.items()}),
        [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
    ]


def test_where_a_frame_has_a_null_of_its_own_nan_is_refused_like_infinity() -> None:
    for frame in frames_with_their_own_null([0.5, None, math.nan, math.inf, 2.0, -math.inf]):
        good, bad = encoded(frame, size=4)
        assert [decoded(row)["real"] for row in good] == [0.5, None, 2.0]
        assert [(one.row, one.reason.partition(") ")[2]) for one in bad] == [
            (2, "is not a number: give None where a value is missing"),
            (3, "is not finite"),
            (5, "is not finite"),
        ]


def test_a_double_that_no_float_can_hold_is_refused() -> None:
    types = {"id": "string", "real": "float"}
    text = row_schema("shop", "t", 1, [Column(name=n, type=t) for n, t in types.items()], ("id",))
    encoder = RowEncoder(RowSchema(types=types, primary_key=("id",), event_time=None, schema_id=1, schema=text))
    (part,) = slices(pd.DataFrame({"id": list("abc"), "real": [0.5, 1e39, np.nan]}))
    good, bad = encoder.encode(part)
    assert len(good) == 2
    assert [(one.row, one.reason.partition(") ")[2]) for one in bad] == [(1, "is too large for a float of 32 bits")]


def test_a_composite_key_with_a_nan_is_refused() -> None:
    types = {"a": "bigint", "b": "string", "at": "timestamp"}
    text = row_schema("shop", "t", 1, [Column(name=n, type=t) for n, t in types.items()], tuple(types))
    encoder = RowEncoder(RowSchema(types=types, primary_key=("a", "b"), event_time="at", schema_id=1, schema=text))
    frame = pd.DataFrame({"a": [1.0, np.nan, np.inf], "b": list("xyz"), "at": [AT] * 3})
    (part,) = slices(frame)
    good, bad = encoder.encode(part)
    assert [row.key for row in good] == [encode_key(["bigint", "string"], [1, "x"])]
    assert [(one.row, one.reason) for one in bad] == [
        (1, "key 'a' is missing"),
        (2, "column 'a': 'inf' (float) is not a whole number"),
    ]


@given(st.sets(st.integers(0, 39)), st.integers(1, 50), st.sampled_from(["rows", "pandas"]))
def test_exactly_the_bad_rows_are_refused(bad: set[int], size: int, kind: str) -> None:
    rows = [{"id": None if number in bad else str(number), "at": AT, "whole": number} for number in range(40)]
    good, refused = encoded(rows if kind == "rows" else pd.DataFrame(rows), size)
    assert [one.row for one in refused] == sorted(bad)
    assert [decoded(row)["whole"] for row in good] == [number for number in range(40) if number not in bad]


def test_features_are_read_off_a_frame() -> None:
    expected = [Feature(name, "bigint" if kind == "int" else kind) for name, kind in TYPES.items()]
    rows = [dict(zip(WHOLE, values, strict=True)) for values in zip(*WHOLE.values(), strict=True)]
    for frame in (rows, pd.DataFrame(WHOLE), pl.DataFrame(WHOLE), pa.table({k: pa.array(v) for k, v in WHOLE.items()})):
        assert features_of(frame) == expected
    assert features_of({"a": "int"}) == [Feature("a", "int")]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ([{"a": None}], "unknown-type"),
        ([{"a": 1}, {"a": "x"}], "mixed-types"),
        ([{"a": {1}}], "unknown-type"),
        ([{"a": []}], "unknown-type"),
        ([{"a": [1, "x"]}], "mixed-types"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "duplicate-column"),
        (pd.DataFrame([[1]], columns=[0]), "invalid-name"),
        ("text", "unknown-frame"),
        (5, "unknown-frame"),
    ],
)
def test_what_no_features_can_be_read_off_is_refused(frame: Any, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        features_of(frame)
    assert refusal.value.code == code


def test_an_insert_that_is_repeated_claims_the_time_of_its_first_try() -> None:
    assert claimed_time("0190163d-8694-739b-aea5-966c26f8ad90") == 0x0190163D8694 * 1000
    assert claimed_time("11111111-1111-4111-8111-111111111111") is None


def test_a_column_that_the_frame_lacks_has_its_default_and_a_null_stays_null() -> None:
    later = [
        Appended(name="share", type="double", default="0.5"),
        Appended(name="mark", type="binary", default='"/wA="'),
    ]
    text = grown_schema(TEXT, later)
    schema = RowSchema(
        types={**TYPES, "share": "double", "mark": "binary"},
        primary_key=("id",),
        event_time="at",
        schema_id=10_002,
        schema=text,
    )
    encoder, parsed = RowEncoder(schema), fastavro.parse_schema(json.loads(text))
    frame = [{"id": "a", "at": AT}, {"id": "b", "at": AT}, {"id": "c", "at": AT, "share": 2.5}]
    found: list[Any] = []
    for part in slices(frame, 2):
        rows, refused = encoder.encode(part)
        assert refused == []
        found += [fastavro.schemaless_reader(io.BytesIO(row.value[5:]), parsed, None) for row in rows]
    assert [(row["share"], row["mark"]) for row in found] == [(None, b"\xff\0"), (None, b"\xff\0"), (2.5, b"\xff\0")]


def test_features_to_append_are_sent_as_json_has_them() -> None:
    features = [
        Feature("share", "double", "of the whole", 0.5),
        Feature("mark", "binary", default_value=b"\xff\0"),
        Feature("since", "timestamp", default_value=pd.Timestamp(AT)),
        Feature("day", "date", default_value=date(2013, 1, 1)),
        Feature("note", "string"),
    ]
    assert [one["default"] for one in appended(features)["features"]] == [
        0.5,
        "/wA=",
        "2013-01-01T05:00:00+00:00",
        "2013-01-01",
        None,
    ]
    assert appended(features[0])["features"] == [
        {"name": "share", "type": "double", "description": "of the whole", "default": 0.5}
    ]


def test_a_row_says_since_when_it_is_known_and_the_column_is_no_feature() -> None:
    latest = int(AT.timestamp()) * 1_000_000
    rows = [
        {"id": "a", "at": AT, "recorded": AT - timedelta(hours=1)},
        {"id": "b", "at": AT},
        {"id": "c", "at": AT, "recorded": AT + timedelta(microseconds=1)},
        {"id": "d", "at": AT, "recorded": AT},
    ]
    for frame in (rows, pl.DataFrame(rows)):
        (part,) = slices(frame)
        good, bad = ENCODER.encode(part, known=Known("recorded", latest))
        assert [(decoded(row)["id"], row.known_at) for row in good] == [("a", latest - 3_600_000_000), ("d", latest)]
        assert [(one.row, one.reason) for one in bad] == [
            (1, "known at 'recorded' is missing"),
            (2, "known at 'recorded' lies in the future: nobody knows the row yet"),
        ]


def test_a_known_at_that_is_a_feature_is_written_as_well() -> None:
    (part,) = slices([{"id": "a", "at": AT}])
    ((row,), refused) = ENCODER.encode(part, known=Known("at", int(AT.timestamp()) * 1_000_000))
    assert (decoded(row)["at"], row.known_at, refused) == (AT, int(AT.timestamp()) * 1_000_000, [])
