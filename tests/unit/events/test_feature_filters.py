"""Views with filters, helpers, lookback and known-at: what is taken, and what is refused with which reason."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.events.scenario import Scenario, project
from tests.unit.events.test_feature_groups import FLIGHTS, VIEW, WEATHER

from headrace_events.errors import Invalid
from headrace_events.feature_filter import MOST_VALUES, Condition, Filter, filter_value
from headrace_events.feature_view import CreateFeatureView, FeatureViewCreated

WARM = Condition(column="temp", join=0, operator=">", values=("3.5",))
FROM_JFK = Condition(column="origin", operator="in", values=("JFK", "LGA"))


def scenario() -> Scenario:
    made = project()
    made.events(FLIGHTS)
    made.events(WEATHER)
    return made


def with_filter(*conditions: Condition) -> CreateFeatureView:
    return replace(VIEW, filters=(Filter(any_of=conditions),))


def test_a_view_keeps_what_it_was_asked_for() -> None:
    asked = replace(
        VIEW,
        joins=(replace(VIEW.joins[0], lookback_seconds=3_600),),
        inference_helpers=("temp",),
        training_helpers=("flight",),
        filters=(Filter(any_of=(WARM, FROM_JFK)),),
        known_at=True,
    )
    (created,) = scenario().events(asked, "user:bob")
    assert isinstance(created, FeatureViewCreated)
    for name in ("joins", "labels", "inference_helpers", "training_helpers", "filters", "known_at"):
        assert getattr(created, name) == getattr(asked, name)
    assert created.hidden == {"late", "temp", "flight"}


@pytest.mark.parametrize(
    ("column", "join", "operator", "values"),
    [
        ("late", None, "==", ["true"]),
        ("flight", None, "<=", ["-9223372036854775808"]),
        ("at", None, ">=", ["2013-01-01"]),
        ("origin", None, "!=", ["' OR 1 = 1"]),
        ("temp", 0, "is null", []),
        ("time_hour", 0, "is not null", []),
        ("origin", 0, "not in", ["a", "b"]),
    ],
)
def test_a_filter_may_name_any_column_of_any_group(
    column: str, join: int | None, operator: str, values: list[str]
) -> None:
    condition = Condition(column=column, join=join, operator=operator, values=tuple(values))
    assert len(scenario().events(with_filter(condition))) == 1


@pytest.mark.parametrize(
    ("column", "join", "operator", "values", "code"),
    [
        ("wind", None, "==", ["1"], "unknown-column"),
        ("temp", None, "==", ["1"], "unknown-column"),
        ("temp", 1, "==", ["1"], "invalid-filter"),
        ("temp", -1, "==", ["1"], "invalid-filter"),
        ("temp", 0, "=", ["1"], "invalid-filter"),
        ("temp", 0, "> 1; --", ["1"], "invalid-filter"),
        ("temp", 0, "==", [], "invalid-filter"),
        ("temp", 0, "==", ["1", "2"], "invalid-filter"),
        ("temp", 0, "in", [], "invalid-filter"),
        ("temp", 0, "in", ["1"] * (MOST_VALUES + 1), "invalid-filter"),
        ("temp", 0, "is null", ["1"], "invalid-filter"),
        ("temp", 0, "==", ["warm"], "invalid-filter"),
        ("temp", 0, "==", ["nan"], "invalid-filter"),
        ("temp", 0, "in", ["1", "inf"], "invalid-filter"),
        ("late", None, ">", ["true"], "invalid-filter"),
        ("late", None, "==", ["True"], "invalid-filter"),
        ("flight", None, "==", ["9223372036854775808"], "invalid-filter"),
        ("flight", None, "==", ["1.0"], "invalid-filter"),
        ("flight", None, "==", ["1_0"], "invalid-filter"),
        ("at", None, "==", ["yesterday"], "invalid-filter"),
        ("origin", None, "==", ["a\0b"], "invalid-filter"),
    ],
)
def test_a_filter_that_does_not_fit_is_refused(
    column: str, join: int | None, operator: str, values: list[str], code: str
) -> None:
    condition = Condition(column=column, join=join, operator=operator, values=tuple(values))
    assert scenario().refusal(with_filter(condition)) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"filters": (Filter(any_of=()),)}, "invalid-filter"),
        ({"filters": (Filter(any_of=(WARM,)),) * 101}, "invalid-filter"),
        ({"filters": (Filter(any_of=(WARM,) * 101),)}, "invalid-filter"),
        ({"inference_helpers": ("wind",)}, "unknown-helper"),
        ({"training_helpers": ("wind",)}, "unknown-helper"),
        ({"inference_helpers": ("late",)}, "column-twice"),
        ({"inference_helpers": ("temp",), "training_helpers": ("temp",)}, "column-twice"),
        ({"joins": (replace(VIEW.joins[0], lookback_seconds=0),)}, "invalid-lookback"),
        ({"joins": (replace(VIEW.joins[0], lookback_seconds=2**62),)}, "invalid-lookback"),
    ],
)
def test_what_contradicts_the_view_is_refused(change: dict[str, Any], code: str) -> None:
    assert scenario().refusal(replace(VIEW, **change)) == code


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=ZONES), st.dates(), st.binary())
def test_values_say_the_same_whatever_their_zone(moment: datetime, day: date, data: bytes) -> None:
    micros = (moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert filter_value("timestamp", moment.isoformat()) == micros
    assert filter_value("timestamp", moment.astimezone(UTC).replace(tzinfo=None).isoformat()) == micros
    assert filter_value("date", day.isoformat()) == (day - date(1970, 1, 1)).days
    assert filter_value("binary", base64.b64encode(data).decode()) == data


@pytest.mark.parametrize(
    ("kind", "text"),
    [("float", "1e39"), ("int", "2147483648"), ("int", ""), ("binary", "?"), ("date", "2013-13-01"), ("struct", "{}")],
)
def test_what_a_type_cannot_hold_is_refused(kind: str, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        filter_value(kind, text)
    assert refused.value.code == "invalid-filter"
