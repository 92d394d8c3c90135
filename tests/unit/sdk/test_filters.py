"""Filters as people write them, and what is sent of them."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sdk.test_queries import FLIGHTS, WEATHER, Group

from headrace import Invalid
from headrace._filters import Condition, Filter

EVERY = Group(
    "every",
    {
        "id": "bigint",
        "name": "string",
        "share": "float",
        "good": "boolean",
        "raw": "binary",
        "day": "date",
        "at": "timestamp",
        "shape": "struct",
    },
    ("id",),
)
QUERY = FLIGHTS.select(["origin"]).join(WEATHER.select(["wind"]))


def sent(filters: Filter) -> list[list[tuple[str, str, list[str]]]]:
    return [[(one.column, one.operator, list(one.values)) for one in any_of] for any_of in filters.groups]


@pytest.mark.parametrize(
    ("made", "comparison", "values"),
    [
        (EVERY.id > 3, ">", ["3"]),
        (EVERY.id <= np.int64(3), "<=", ["3"]),
        (EVERY.id == 3.0, "==", ["3"]),
        (EVERY["name"] != "a'b", "!=", ["a'b"]),
        (EVERY.share >= 1, ">=", ["1.0"]),
        (EVERY.good == True, "==", ["true"]),  # noqa: E712 - a comparison with a column
        (EVERY.raw == b"\xff", "==", ["/w=="]),
        (EVERY.day < date(2013, 1, 1), "<", ["2013-01-01"]),
        (EVERY.at >= "2013-01-01", ">=", ["2013-01-01T00:00:00+00:00"]),
        (EVERY.at < pd.Timestamp("2013-07-01T00:00", tz="America/New_York"), "<", ["2013-07-01T04:00:00+00:00"]),
        (EVERY.id.isin([1, 2]), "in", ["1", "2"]),
        (EVERY.shape.is_null(), "is null", []),
        (~EVERY.id.isin(range(2)), "not in", ["0", "1"]),
        (~(EVERY.id > 3), "<=", ["3"]),
        (~EVERY.id.is_null(), "is not null", []),
    ],
)
def test_a_comparison_is_sent_as_data(made: Filter, comparison: str, values: list[str]) -> None:
    (((_, told, given_values),),) = sent(made)
    assert (told, given_values) == (comparison, values)


@pytest.mark.parametrize("fold", [0, 1])
def test_of_two_moments_that_clocks_show_alike_the_one_meant_is_sent(fold: int) -> None:
    twice = datetime(2013, 11, 3, 1, 30, tzinfo=ZoneInfo("America/New_York"), fold=fold)
    (((_, _, values),),) = sent(EVERY.at == twice)
    assert values == [f"2013-11-03T0{5 + fold}:30:00+00:00"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: EVERY.id > "3",
        lambda: EVERY.id > None,
        lambda: EVERY.share > math.inf,
        lambda: EVERY.at > 5,
        lambda: EVERY.shape == {},
        lambda: EVERY.id.isin([1, "two"]),
        lambda: (EVERY.id > 3) & 5,  # type: ignore[operator]
        lambda: (EVERY.id > 3) and (EVERY.id < 5),
        lambda: EVERY["width"],
        lambda: QUERY.filter(EVERY.id > 3),
        lambda: QUERY.join(WEATHER.select(["at"]), prefix="b_").filter(WEATHER.wind > 3),
        lambda: QUERY.join(WEATHER.select(["at"]), prefix="b_", lookback=0.5),
        lambda: QUERY.join(WEATHER.select(["at"]), prefix="b_", lookback=timedelta(0)),
    ],
)
def test_what_is_no_filter_is_refused(wrong: Any) -> None:
    with pytest.raises(Invalid):
        wrong()


def test_a_column_that_a_group_lacks_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no feature 'wind'; it has id, at, origin, dest"):
        FLIGHTS.wind  # noqa: B018 - reading it is what fails
    assert not hasattr(FLIGHTS, "__deepcopy__")


def test_a_query_sends_where_each_column_is_and_how_far_a_join_looks_back() -> None:
    filtered = QUERY.filter((FLIGHTS.dest == "JFK") | (WEATHER.wind > 3)).filter(WEATHER.wind.is_not_null())
    twice = filtered.join(WEATHER.select(["at"]).filter(WEATHER.wind < 9), prefix="b_", lookback=timedelta(hours=1))
    body = twice.body()
    assert body["filters"] == [
        {
            "any_of": [
                {"join": None, "column": "dest", "operator": "==", "values": ["JFK"]},
                {"join": 0, "column": "wind", "operator": ">", "values": ["3.0"]},
            ]
        },
        {"any_of": [{"join": 0, "column": "wind", "operator": "is not null", "values": []}]},
        {"any_of": [{"join": 1, "column": "wind", "operator": "<", "values": ["9.0"]}]},
    ]
    assert [join["lookback_seconds"] for join in body["joins"]] == [None, 3600]


LEAVES = [EVERY.id > 0, EVERY.id == 0, EVERY["name"] == "a", EVERY.good.is_null()]
TREES = st.recursive(
    st.sampled_from(LEAVES).map(lambda leaf: (leaf, leaf)),
    lambda inner: (
        inner.map(lambda one: (~one[0], ("not", one[1])))
        | st.tuples(inner, inner).map(lambda two: (two[0][0] & two[1][0], ("and", two[0][1], two[1][1])))
        | st.tuples(inner, inner).map(lambda two: (two[0][0] | two[1][0], ("or", two[0][1], two[1][1])))
    ),
    max_leaves=5,
)


def truth(condition: Condition, row: Mapping[str, Any]) -> bool | None:
    value = row[condition.column]
    if "null" in condition.operator:
        return (value is None) == (condition.operator == "is null")
    if value is None:
        return None
    said = int(condition.values[0]) if condition.column == "id" else condition.values[0]
    told: Mapping[str, Any] = {"==": value == said, "!=": value != said}
    if condition.operator in told:
        return bool(told[condition.operator])
    return bool({">": value > said, "<=": value <= said}[condition.operator])


def meant(tree: Any, row: Mapping[str, Any]) -> bool | None:
    """What the operators mean, where None is neither true nor false."""
    if isinstance(tree, Filter):
        return truth(tree.groups[0][0], row)
    how, *parts = tree
    values = [meant(part, row) for part in parts]
    if how == "not":
        return None if values[0] is None else not values[0]
    decided = bool(how == "or")
    if any(value is decided for value in values):
        return decided
    return None if None in values else not decided


@given(TREES)
def test_what_is_put_together_keeps_what_it_means(pair: tuple[Filter, Any]) -> None:
    made, tree = pair
    for number, name, good in itertools.product([None, 0, 1], [None, "a", "b"], [None, True]):
        row = {"id": number, "name": name, "good": good}
        kept = all(any(truth(one, row) is True for one in any_of) for any_of in made.groups)
        assert kept == (meant(tree, row) is True)


def test_a_filter_that_grows_without_end_is_refused() -> None:
    pairs = [(EVERY.id == number) & (EVERY["name"] == str(number)) for number in range(8)]
    with pytest.raises(Invalid, match="too large"):
        functools.reduce(operator.or_, pairs)


def test_times_around_a_change_of_clocks_are_the_moments_they_name() -> None:
    zone = ZoneInfo("Europe/Stockholm")
    first = datetime(2013, 10, 27, 0, 30, tzinfo=UTC)
    for minutes in range(0, 180, 30):
        local = (first + timedelta(minutes=minutes)).astimezone(zone)
        (((_, _, values),),) = sent(EVERY.at == local)
        assert datetime.fromisoformat(values[0]) == first + timedelta(minutes=minutes)
