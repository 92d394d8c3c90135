"""Distances, against scipy's and against what must hold of any of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, wasserstein_distance

from headrace_events.feature_monitor_config import DISTANCES
from headrace_processors.feature_monitors.distances import distance
from headrace_projections.monitoring.formulas import psi

EPSILON = 1e-6
METRICS = sorted(DISTANCES)

counts = st.integers(2, 12).flatmap(
    lambda bins: st.tuples(*[st.lists(st.integers(0, 10_000), min_size=bins, max_size=bins) for _ in range(2)])
)
filled = counts.filter(lambda two: all(map(sum, two)))
every_metric = pytest.mark.parametrize("metric", METRICS)
Two = tuple[list[int], list[int]]


def measured(metric: str, one: Sequence[int], other: Sequence[int], epsilon: float = EPSILON) -> float:
    found = distance(metric, one, other, epsilon=epsilon, edges=[float(edge) for edge in range(len(one) + 1)])
    assert found is not None
    return found


def shares(of: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    smoothed = np.array(of, np.float64) / sum(of) + EPSILON
    whole: np.ndarray[tuple[int], np.dtype[np.float64]] = smoothed / smoothed.sum()
    return whole


def by_scipy(metric: str, detection: Sequence[int], reference: Sequence[int]) -> float:
    """The same with scipy and numpy, said as their own pages say it."""
    d, r = shares(detection), shares(reference)
    centres = np.arange(len(d)) + 0.5
    match metric:
        case "PSI":
            found = entropy(d, r) + entropy(r, d)
        case "KL_DIVERGENCE":
            found = entropy(d, r)
        case "JS_DIVERGENCE":
            found = jensenshannon(d, r) ** 2
        case "HELLINGER":
            found = np.linalg.norm(np.sqrt(d) - np.sqrt(r)) / math.sqrt(2)
        case "WASSERSTEIN":
            found = wasserstein_distance(centres, centres, d, r)
        case _:
            found = np.abs(np.cumsum(d) - np.cumsum(r)).max()
    return float(found)


@settings(max_examples=40)
@given(two=filled)
def test_distances_are_those_of_scipy(two: Two) -> None:
    for metric in METRICS:
        assert measured(metric, *two) == pytest.approx(by_scipy(metric, *two), rel=1e-9, abs=1e-9), metric


@settings(max_examples=40)
@given(two=filled, times=st.integers(1, 1_000))
def test_equal_shares_are_not_apart_however_many_values_there_are(two: Two, times: int) -> None:
    more = [count * times for count in two[0]]
    assert [measured(metric, two[0], more) for metric in METRICS] == pytest.approx([0.0] * len(METRICS), abs=1e-12)


@settings(max_examples=40)
@given(two=filled)
def test_a_distance_is_the_same_both_ways_but_for_kl(two: Two) -> None:
    for metric in METRICS:
        if metric != "KL_DIVERGENCE":
            there, back = measured(metric, two[0], two[1]), measured(metric, two[1], two[0])
            assert there == pytest.approx(back, rel=1e-9, abs=1e-12), metric


def test_kl_is_the_distance_of_the_window_from_the_reference() -> None:
    assert measured("KL_DIVERGENCE", [9, 1], [5, 5]) != pytest.approx(measured("KL_DIVERGENCE", [5, 5], [9, 1]))


@settings(max_examples=40)
@given(two=filled)
def test_distances_lie_within_their_bounds(two: Two) -> None:
    most = {"JS_DIVERGENCE": math.log(2), "HELLINGER": 1.0, "KOLMOGOROV_SMIRNOV": 1.0, "WASSERSTEIN": len(two[0])}
    for metric in METRICS:
        found = measured(metric, *two)
        assert math.isfinite(found)
        assert 0 <= found <= most.get(metric, math.inf) + 1e-12, metric


@settings(max_examples=40)
@given(two=filled)
def test_psi_is_that_of_the_monitors_of_deployments(two: Two) -> None:
    assert measured("PSI", *two) == pytest.approx(psi(two[1], two[0]), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("metric", ["PSI", "KL_DIVERGENCE"])
def test_smoothing_keeps_an_empty_bin_finite_and_less_of_it_makes_it_farther(metric: str) -> None:
    found = [measured(metric, [10, 0], [0, 10], epsilon) for epsilon in (1e-2, 1e-4, 1e-6)]
    assert found == sorted(found)
    assert math.isfinite(found[-1])


def test_wasserstein_is_in_units_of_the_feature() -> None:
    by = {
        scale: distance("WASSERSTEIN", [10, 0], [0, 10], epsilon=1e-9, edges=[0, scale, 2 * scale]) for scale in (1, 5)
    }
    assert by == {1: pytest.approx(1, abs=1e-6), 5: pytest.approx(5, abs=1e-6)}


@every_metric
@pytest.mark.parametrize("empty", [([0, 0], [1, 2]), ([1, 2], [0, 0]), ([0, 0], [0, 0])])
def test_an_empty_side_has_no_distance(metric: str, empty: Two) -> None:
    assert distance(metric, *empty, epsilon=EPSILON, edges=[0, 1, 2]) is None


def test_sides_of_different_bins_are_not_compared() -> None:
    with pytest.raises(ValueError, match="3 bins cannot be compared with 2"):
        distance("PSI", [1, 2, 3], [1, 2], epsilon=EPSILON)
    with pytest.raises(ValueError, match="2 bins have 3 edges, not 2"):
        distance("WASSERSTEIN", [1, 2], [1, 2], epsilon=EPSILON, edges=[0, 1])
