"""Edges and counts of reference bins."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from headrace_processors.observer.binning import LATENCY_EDGES, Floats, counts, even_edges, missing, quantile_edges

VALUES = arrays(np.float64, st.integers(0, 200), elements=st.floats(width=64) | st.sampled_from([0.0, 1.0, 2.0]))


@given(VALUES, st.integers(2, 30))
def test_every_value_is_in_one_bin_or_missing(values: Floats, bins: int) -> None:
    edges = quantile_edges(values, bins)
    held = counts(values, edges)
    assert len(held) == len(edges) + 1 <= bins
    assert sum(held) + missing(values) == values.size


@given(VALUES, st.integers(2, 30))
def test_edges_ascend_and_are_distinct(values: Floats, bins: int) -> None:
    edges = quantile_edges(values, bins)
    assert list(edges) == sorted(set(edges))


@given(VALUES)
def test_a_bin_is_the_number_of_edges_below_the_value(values: Floats) -> None:
    edges = quantile_edges(values, 10)
    finite = [value for value in values.tolist() if np.isfinite(value)]
    by_hand = [sum(edge < value for edge in edges) for value in finite]
    assert list(counts(values, edges)) == np.bincount(by_hand, minlength=len(edges) + 1).tolist()


def test_quantile_bins_of_distinct_values_are_even() -> None:
    values = np.arange(1_000, dtype=np.float64)
    assert counts(values, quantile_edges(values, 10)) == (100,) * 10


def test_a_constant_has_one_edge() -> None:
    assert quantile_edges(np.full(10, 3.0), 10) == (3.0,)


def test_nothing_has_no_edges() -> None:
    assert quantile_edges(np.array([np.nan, np.inf]), 10) == ()
    assert counts(np.array([np.nan]), ()) == (0,)


def test_even_edges_cut_the_unit_interval() -> None:
    assert even_edges(4) == (0.25, 0.5, 0.75)


def test_latency_edges_reach_from_a_quarter_of_a_millisecond_to_sixteen_seconds() -> None:
    assert LATENCY_EDGES[0] == 0.25
    assert LATENCY_EDGES[-1] == 16_384
