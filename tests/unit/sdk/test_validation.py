"""Expectations: what each says of a frame, in the shape of Great Expectations' results."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from headrace import Expectation, ExpectationSuite, Invalid, ValidationReport
from headrace._expectations import KINDS, LONGEST_VALUE, MOST_UNEXPECTED
from headrace._suggestions import suggested
from headrace._validation import compare
from headrace_events.expectation import EXPECTATIONS, checked_suite
from headrace_events.validation_report import checked_report

BEGIN = datetime(2013, 1, 1, tzinfo=UTC)
ROWS = [
    {
        "id": f"k{n}",
        "at": BEGIN + timedelta(days=n),
        "day": date(2013, 1, 1 + n),
        "n": n,
        "half": n / 2,
        "kind": "ab"[n % 2],
    }
    for n in range(10)
]
FRAME = pa.Table.from_pylist([*ROWS, {"id": "k0", "n": 20, "half": None}])


def report(kind: str, frame: Any = FRAME, **kwargs: Any) -> ValidationReport:
    suite = ExpectationSuite(
        expectation_suite_name="it", expectations=(Expectation(expectation_type=kind, kwargs=kwargs),)
    )
    found = compare(suite, frame)
    said = json.dumps(found.to_json_dict(), allow_nan=False)
    assert checked_report(said, values=True)[:3] == (found.success, 1, int(found.success))
    return found


def test_what_is_evaluated_is_what_is_taken() -> None:
    assert set(EXPECTATIONS) == KINDS


@pytest.mark.parametrize(
    ("kind", "kwargs", "unexpected"),
    [
        ("column_values_to_not_be_null", {"column": "half"}, [None]),
        ("column_values_to_not_be_null", {"column": "n"}, []),
        ("column_values_to_be_null", {"column": "kind"}, ["a", "b"] * 5),
        ("column_values_to_be_unique", {"column": "id"}, ["k0", "k0"]),
        ("column_values_to_be_unique", {"column": "n"}, []),
        ("column_values_to_be_between", {"column": "n", "min_value": 0, "max_value": 9}, [20]),
        ("column_values_to_be_between", {"column": "n", "min_value": 0, "strict_min": True}, [0]),
        ("column_values_to_be_between", {"column": "half", "max_value": 4, "strict_max": True}, [4.0, 4.5]),
        ("column_values_to_be_between", {"column": "at", "min_value": "2013-01-02"}, [str(BEGIN)]),
        ("column_values_to_be_between", {"column": "day", "max_value": "2013-01-09"}, ["2013-01-10"]),
        ("column_values_to_be_in_set", {"column": "kind", "value_set": ["a", 1]}, ["b"] * 5),
        ("column_values_to_be_in_set", {"column": "n", "value_set": [*range(10), "x"]}, [20]),
        (
            "column_values_to_be_in_set",
            {"column": "day", "value_set": [f"2013-01-0{n}" for n in range(1, 10)]},
            ["2013-01-10"],
        ),
        ("column_values_to_not_be_in_set", {"column": "n", "value_set": [20, 3]}, [3, 20]),
        ("column_values_to_match_regex", {"column": "id", "regex": "k[0-8]$"}, ["k9"]),
        ("column_values_to_not_match_regex", {"column": "id", "regex": "k9"}, ["k9"]),
        ("column_value_lengths_to_be_between", {"column": "id", "max_value": 1}, ["k0", "k1", "k2", "k3", "k4"]),
        ("column_pair_values_a_to_be_greater_than_b", {"column_A": "n", "column_B": "half"}, [[0, 0.0]]),
        ("column_pair_values_a_to_be_greater_than_b", {"column_A": "n", "column_B": "half", "or_equal": True}, []),
        ("column_pair_values_to_be_equal", {"column_A": "n", "column_B": "n"}, []),
        ("column_pair_values_to_be_equal", {"column_A": "at", "column_B": "at"}, []),
        ("compound_columns_to_be_unique", {"column_list": ["id", "n"]}, []),
        ("compound_columns_to_be_unique", {"column_list": ["id", "kind"]}, []),
    ],
)
def test_values_that_are_not_expected_are_counted_and_shown(
    kind: str, kwargs: dict[str, Any], unexpected: list[Any]
) -> None:
    found = report(f"expect_{kind}", **kwargs)
    result = found.results[0]["result"]
    assert found.success is (not unexpected)
    assert result["partial_unexpected_list"][:5] == unexpected[:5]
    assert found.results[0]["exception_info"]["raised_exception"] is False


def test_a_result_counts_as_great_expectations_does() -> None:
    result = report("expect_column_values_to_be_between", column="half", min_value=1).results[0]["result"]
    assert result == {
        "element_count": 11,
        "missing_count": 1,
        "missing_percent": 100 / 11,
        "unexpected_count": 2,
        "unexpected_percent": 20.0,
        "unexpected_percent_total": 200 / 11,
        "unexpected_percent_nonmissing": 20.0,
        "partial_unexpected_list": [0.0, 0.5],
    }


@pytest.mark.parametrize(("mostly", "holds"), [(0.8, True), (0.81, False)])
def test_mostly_is_the_share_of_values_that_must_be_as_expected(mostly: float, holds: bool) -> None:
    found = report("expect_column_values_to_be_between", column="half", min_value=1, mostly=mostly)
    assert found.success is holds


@pytest.mark.parametrize(
    ("kind", "kwargs", "observed", "holds"),
    [
        ("column_min", {"column": "n", "min_value": 0}, 0, True),
        ("column_max", {"column": "n", "max_value": 9}, 20, False),
        ("column_max", {"column": "at", "max_value": "2013-01-10"}, str(BEGIN + timedelta(days=9)), True),
        ("column_mean", {"column": "half", "min_value": 2.25, "max_value": 2.25}, 2.25, True),
        ("column_median", {"column": "n", "min_value": 5, "strict_min": True}, 5.0, False),
        ("column_sum", {"column": "n", "max_value": 65}, 65, True),
        ("column_stdev", {"column": "half", "min_value": 1.5, "max_value": 1.6}, pytest.approx(1.5138, rel=1e-3), True),
        ("column_unique_value_count", {"column": "kind", "max_value": 2}, 2, True),
        ("column_proportion_of_unique_values", {"column": "id", "min_value": 1}, 10 / 11, False),
        ("table_row_count", {"min_value": 11, "max_value": 11}, 11, True),
    ],
)
def test_a_measure_lies_within_its_bounds(kind: str, kwargs: dict[str, Any], observed: object, holds: bool) -> None:
    found = report(f"expect_{kind}_to_be_between", **kwargs)
    assert (found.results[0]["result"]["observed_value"], found.success) == (observed, holds)


@pytest.mark.parametrize(
    ("kind", "kwargs", "holds"),
    [
        ("column_to_exist", {"column": "n"}, True),
        ("column_to_exist", {"column": "colour"}, False),
        ("column_values_to_be_of_type", {"column": "n", "type_": "bigint"}, True),
        ("column_values_to_be_of_type", {"column": "at", "type_": "timestamp"}, True),
        ("column_values_to_be_of_type", {"column": "n", "type_": "string"}, False),
        ("column_distinct_values_to_be_in_set", {"column": "kind", "value_set": ["a", "b", "c"]}, True),
        ("column_distinct_values_to_be_in_set", {"column": "kind", "value_set": ["a"]}, False),
        ("table_row_count_to_equal", {"value": 11}, True),
        ("table_row_count_to_equal", {"value": 10}, False),
    ],
)
def test_what_is_true_of_a_column_or_a_table(kind: str, kwargs: dict[str, Any], holds: bool) -> None:
    assert report(f"expect_{kind}", **kwargs).success is holds


@pytest.mark.parametrize(
    "frame",
    [ROWS, pd.DataFrame(ROWS), pl.DataFrame(ROWS), pa.Table.from_pylist(ROWS)],
    ids=["rows", "pandas", "polars", "arrow"],
)
def test_every_frame_is_read(frame: Any) -> None:
    for kind, kwargs in (
        ("expect_column_values_to_match_regex", {"column": "id", "regex": "k"}),
        ("expect_column_values_to_be_between", {"column": "at", "min_value": "2013-01-01T00:00:00Z"}),
        ("expect_column_values_to_be_in_set", {"column": "kind", "value_set": ["a", "b"]}),
        ("expect_column_mean_to_be_between", {"column": "half", "min_value": 2.25, "max_value": 2.25}),
    ):
        assert report(kind, frame, **kwargs).success


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("expect_column_values_to_be_between", {"column": "id", "min_value": 3}),
        ("expect_column_mean_to_be_between", {"column": "id", "min_value": 3}),
        ("expect_column_values_to_be_between", {"column": "at", "min_value": "yesterday"}),
        ("expect_column_values_to_be_between", {"column": "mixed", "min_value": 3}),
        ("expect_column_values_to_not_be_null", {"column": "colour"}),
    ],
)
def test_what_cannot_be_evaluated_does_not_hold_and_says_why_without_a_value(kind: str, kwargs: dict[str, Any]) -> None:
    rows = [{**ROWS[0], "mixed": "secret"}, {**ROWS[1], "mixed": 5}]
    found = report(kind, rows, **kwargs)
    info = found.results[0]["exception_info"]
    assert (found.success, info["raised_exception"]) == (False, True)
    assert "secret" not in info["exception_message"]
    assert str(found)


def test_of_a_column_without_values_all_are_as_expected_and_no_measure_is() -> None:
    empty = pa.table({"n": pa.array([None, None], pa.int64())})
    assert report("expect_column_values_to_be_between", empty, column="n", min_value=3).success
    assert not report("expect_column_mean_to_be_between", empty, column="n", min_value=3).success
    assert report("expect_table_row_count_to_equal", [], value=0).success


def test_few_values_are_shown_and_long_ones_cut() -> None:
    found = report("expect_column_values_to_be_null", [{"a": "x" * 1_000}] * 50, column="a")
    assert found.results[0]["result"]["partial_unexpected_list"] == ["x" * LONGEST_VALUE] * MOST_UNEXPECTED


def test_what_data_suggest_holds_of_them_and_is_taken() -> None:
    rows = [{"id": f"k{n}", "n": n, "half": n / 2, "kind": "ab"[n % 2], "all": None} for n in range(40)]
    suite = suggested(pl.DataFrame(rows))
    assert compare(suite, rows).success
    assert not compare(suite, [*rows, {**rows[0], "kind": "c"}]).success
    kinds = {
        (one.expectation_type.removeprefix("expect_column_values_to_"), one.kwargs["column"])
        for one in suite.expectations
    }
    assert kinds == {
        *(("not_be_null", name) for name in ("id", "n", "half", "kind")),
        ("be_unique", "id"),
        ("be_unique", "n"),
        ("be_in_set", "kind"),
        ("be_between", "n"),
        ("be_between", "half"),
    }
    assert checked_suite(json.dumps(suite.to_json_dict()), frozenset(rows[0]))


def test_a_suite_is_read_in_both_forms_and_what_is_none_is_refused() -> None:
    kwargs = {"column": "n"}
    older = {
        "expectation_suite_name": "s",
        "expectations": [{"expectation_type": "expect_column_to_exist", "kwargs": kwargs}],
    }
    newer = {"name": "s", "expectations": [{"type": "expect_column_to_exist", "kwargs": kwargs}]}
    assert ExpectationSuite.of(older) == ExpectationSuite.of(newer)
    nothing: list[Any] = [{}, [], {"name": "s", "expectations": [1]}, 5]
    for wrong in nothing:
        with pytest.raises(Invalid):
            ExpectationSuite.of(wrong)
