"""Windows compared: as numpy would, whatever they are read from; never a shift where there is nothing to compare."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy
from tests.unit.processors.feature_monitors.windows import by_dataset, by_rows, by_sketches

from headrace_events.feature_monitor_config import DISTANCES, SCALARS, Binning, Comparison, Strategy
from headrace_events.feature_monitor_result import FeatureDrift
from headrace_processors.feature_monitors.comparing import MOST_CATEGORIES, Comparing
from headrace_processors.feature_monitors.distances import distance
from headrace_processors.feature_monitors.profile import NotTold, Window, metric

NUMBER = {"it": "double"}
TEXT = {"it": "string"}
SOURCES = (by_rows, by_sketches, by_dataset)
Make = Callable[..., Any]

numbers = st.lists(
    st.floats(-1e6, 1e6) | st.sampled_from([None, math.nan, math.inf]) | st.integers(0, 3).map(float), max_size=60
)


def compared(
    types: dict[str, str], detection: Sequence[Any], reference: Sequence[Any], *, make: Make = by_rows, **said: Any
) -> FeatureDrift:
    comparison = Comparison(**{"metric": "PSI", "threshold": 0.2, "binning": Binning(), **said})
    windows: list[Window] = [by_rows(types, {"it": detection}), make(types, {"it": reference})]
    return Comparing(comparison=comparison, types=types).feature("it", *windows)


def finite(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def in_bins(values: Sequence[float], inner: Sequence[float]) -> list[int]:
    """Counts by numpy: a bin holds its upper edge, the outer ones are open."""
    places = np.searchsorted(np.asarray(inner), np.asarray(values, float), side="left")
    return [int(count) for count in np.bincount(places, minlength=len(inner) + 1)]


@settings(max_examples=12, deadline=None)
@given(detection=numbers, reference=numbers, strategy=st.sampled_from(["EQUI_WIDTH", "EQUI_FREQUENCY"]))
def test_bins_are_those_of_numpy_and_nulls_and_nan_are_in_none(
    detection: list[float | None], reference: list[float | None], strategy: str
) -> None:
    found = compared(NUMBER, detection, reference, binning=Binning(strategy=Strategy(strategy), bins=5))
    here, there = finite(detection), finite(reference)
    if not there:
        assert found == FeatureDrift(feature="it"), "nothing to make bins of"
        return
    assert found.bins is not None
    inner = list(found.bins.edges[1:-1])
    assert (list(found.bins.detection), list(found.bins.reference)) == (in_bins(here, inner), in_bins(there, inner))
    if strategy == "EQUI_FREQUENCY" and min(there) < max(there):
        ranks = [rank / 5 for rank in range(1, 5)]
        expected = sorted({edge for edge in np.quantile(there, ranks) if edge < max(there)}) or [min(there)]
        assert inner == pytest.approx(expected)
    if not here:
        assert found.difference is None
    elif sorted(here) == sorted(there):
        assert found.difference == 0


@pytest.mark.parametrize("name", sorted(DISTANCES))
def test_a_distance_is_that_of_the_counts(name: str) -> None:
    values = np.random.default_rng(7).normal(size=(2, 500))
    found = compared(NUMBER, values[0].tolist(), (values[1] + 0.5).tolist(), metric=name)
    assert found.bins is not None
    bins = found.bins
    assert found.difference == distance(name, bins.detection, bins.reference, epsilon=1e-6, edges=bins.edges)
    assert (found.chance is not None) == (name == "PSI")
    assert len(bins.detection) == 10


@pytest.mark.parametrize("make", SOURCES)
def test_sketches_and_datasets_tell_about_what_rows_tell(make: Make) -> None:
    values = np.random.default_rng(11).gamma(2.0, size=(2, 4_000))
    detection, reference = values[0].tolist(), (values[1] * 1.3).tolist()
    exact = compared(NUMBER, detection, reference)
    other = compared(NUMBER, detection, reference, make=make)
    assert other.difference == pytest.approx(exact.difference, rel=0.15)
    same = compared(NUMBER, reference, reference, make=make)
    assert same.difference is not None
    assert same.difference < 0.005


def test_a_constant_is_no_shift_from_itself_and_any_other_value_is_one() -> None:
    assert compared(NUMBER, [5.0] * 9, [5.0] * 4).difference == pytest.approx(0, abs=1e-12)
    for other in (5.000001, 4.999999, -5.0):
        found = compared(NUMBER, [other] * 9, [5.0] * 4).difference
        assert found is not None
        assert found > 10
    assert compared(NUMBER, [1.7976931348623157e308], [-1.7976931348623157e308] * 3).difference is not None


@pytest.mark.parametrize("name", sorted(DISTANCES))
@pytest.mark.parametrize("empty", [([], [1.0, 2.0]), ([1.0, 2.0], []), ([None, math.nan], [1.0]), ([], [])])
def test_a_side_without_values_is_no_shift(name: str, empty: tuple[list[float | None], list[float | None]]) -> None:
    assert compared(NUMBER, *empty, metric=name).difference is None


def test_custom_edges_are_kept_and_what_lies_outside_is_in_the_outer_bins() -> None:
    custom = Binning(strategy=Strategy.CUSTOM_EDGES, edges=(0.0, 1.0, 2.0, 3.0))
    found = compared(NUMBER, [-5.0, 1.0, 1.5], [0.5, 2.5, 99.0], binning=custom)
    assert found.bins is not None
    assert found.bins.edges == (0.0, 1.0, 2.0, 3.0)
    assert (found.bins.detection, found.bins.reference) == ((2, 1, 0), (1, 0, 2))


@pytest.mark.parametrize("make", [by_rows, by_dataset])
def test_categories_are_the_values_of_both_sides(make: Make) -> None:
    found = compared(TEXT, ["JFK", "LGA", "LGA", None], ["JFK", "EWR"], make=make, metric="HELLINGER")
    assert found.bins is not None
    assert found.bins.categories == ("EWR", "JFK", "LGA")
    assert (found.bins.detection, found.bins.reference) == ((0, 1, 2), (1, 1, 0))
    flags = compared({"it": "boolean"}, [True, True], [True, False, None], make=make)
    assert flags.bins is not None
    assert (flags.bins.categories, flags.bins.reference) == (("false", "true"), (1, 1))


def test_categories_beyond_the_most_frequent_are_one_bin_together() -> None:
    many = [f"c{number:03}" for number in range(150)]
    found = compared(TEXT, [*many, *many[:50]], [*many[:50], *many[:50]])
    assert found.bins is not None
    assert len(found.bins.categories) == MOST_CATEGORIES
    assert len(found.bins.detection) == MOST_CATEGORIES + 1
    assert (sum(found.bins.detection), sum(found.bins.reference)) == (200, 100)


def test_what_is_not_told_is_a_reason_and_no_shift() -> None:
    assert "sketches do not count" in str(compared(TEXT, ["a"], ["a"], make=by_sketches).reason)
    assert "no categories" in str(compared(TEXT, ["a"], [f"t{n}" for n in range(10_001)]).reason)
    comparing = Comparing(comparison=Comparison(metric="mean", threshold=1), types=TEXT)
    window = by_rows(TEXT, {"it": ["a"]})
    assert "values of type string have no mean" in str(comparing.feature("it", window, window).reason)
    assert "no such feature" in str(comparing.feature("gone", window, window).reason)


@pytest.mark.parametrize("make", SOURCES)
def test_scalars_are_those_of_numpy(make: Make) -> None:
    values = [3.0, 1.0, 3.0, None, 7.0, math.nan]
    summary = make(NUMBER, {"it": values}).summary("it")
    of = finite(values)
    assert {name: metric(name, summary) for name in ("count", "num_null_values", "num_non_null_values")} == {
        "count": 6,
        "num_null_values": 1,
        "num_non_null_values": 5,
    }
    assert metric("completeness", summary) == 5 / 6
    told = {name: metric(name, summary) for name in ("mean", "min", "max", "sum", "std_dev")}
    assert told == pytest.approx(
        {"mean": np.mean(of), "min": 1.0, "max": 7.0, "sum": 14.0, "std_dev": np.std(of, ddof=1)}
    )


def test_how_many_values_differ_is_told_by_rows_and_by_datasets_whose_values_were_counted() -> None:
    values = ["a", "b", "b", "c", "c", "c", None]
    for make in (by_rows, by_dataset):
        summary = make(TEXT, {"it": values}).summary("it")
        assert metric("exact_num_distinct_values", summary) == 3
        assert metric("distinctness", summary) == 3 / 6
        assert metric("uniqueness", summary) == 1 / 6
        assert metric("entropy", summary) == pytest.approx(entropy([1, 2, 3]))
    sketched = by_sketches(TEXT, {"it": values}).summary("it")
    assert metric("approx_num_distinct_values", sketched) == 3
    with pytest.raises(NotTold, match="make the monitor exact"):
        metric("uniqueness", sketched)


@pytest.mark.parametrize("make", SOURCES)
@pytest.mark.parametrize("name", sorted(SCALARS - {"uniqueness", "entropy"}))
def test_a_window_without_rows_has_counts_and_nothing_else(make: Make, name: str) -> None:
    summary = make(NUMBER, {"it": []}).summary("it")
    counts = {"count", "num_null_values", "num_non_null_values", *SCALARS & {name for name in SCALARS if "num" in name}}
    assert metric(name, summary) == (0 if name in counts else None)


def test_a_difference_is_absolute_or_in_shares_of_the_reference() -> None:
    def apart(detection: float, reference: float, **said: Any) -> float | None:
        said = {"metric": "mean", "binning": None, **said}
        return compared(NUMBER, [detection], [reference], **said).difference

    assert apart(6.0, 4.0) == apart(2.0, 4.0) == 2
    assert apart(6.0, 4.0, relative=True) == 0.5
    assert apart(6.0, -4.0, relative=True) == 2.5
    assert apart(6.0, 0.0, relative=True) == 6, "shares of nothing are not known"
    comparing = Comparing(comparison=Comparison(metric="mean", threshold=1, specific_value=5.5), types=NUMBER)
    assert comparing.feature("it", by_rows(NUMBER, {"it": [6.0]}), None) == FeatureDrift(
        feature="it", difference=0.5, detection=6.0, reference=5.5
    )
