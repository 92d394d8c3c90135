"""The formulas over windows, held against numpy and against hand-made cases."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_projections.monitoring.formulas import EPSILON, psi, psi_by_chance, quantile, ratio

HISTOGRAMS = st.integers(1, 40).flatmap(
    lambda bins: st.tuples(*[st.lists(st.integers(0, 100_000), min_size=bins, max_size=bins)] * 2)
)


def psi_with_numpy(reference: list[int], window: list[int]) -> float:
    r = np.asarray(reference) / np.sum(reference) + EPSILON
    w = np.asarray(window) / np.sum(window) + EPSILON
    r, w = r / r.sum(), w / w.sum()
    return float(np.sum((w - r) * np.log(w / r)))


@given(HISTOGRAMS)
def test_psi_equals_numpy(histograms: tuple[list[int], list[int]]) -> None:
    reference, window = histograms
    found = psi(reference, window)
    if sum(reference) == 0 or sum(window) == 0:
        assert found is None
    else:
        assert found == pytest.approx(psi_with_numpy(reference, window), rel=1e-9, abs=1e-9)


@given(HISTOGRAMS)
def test_psi_is_symmetric_finite_and_never_negative(histograms: tuple[list[int], list[int]]) -> None:
    reference, window = histograms
    found, turned = psi(reference, window), psi(window, reference)
    if found is not None and turned is not None:
        assert math.isfinite(found)
        assert found >= -1e-12
        assert found == pytest.approx(turned, abs=1e-12)


def test_psi_of_equal_shares_is_zero() -> None:
    assert psi([10, 20, 30], [1, 2, 3]) == pytest.approx(0, abs=1e-15)


def test_psi_of_a_known_shift() -> None:
    # shares .5/.5 against .9/.1: (.9-.5)·ln(.9/.5) + (.1-.5)·ln(.1/.5)
    expected = 0.4 * math.log(1.8) - 0.4 * math.log(0.2)
    assert psi([50, 50], [90, 10]) == pytest.approx(expected, rel=1e-4)


def test_an_empty_bin_gives_a_large_but_finite_psi() -> None:
    found = psi([50, 50], [100, 0])
    assert found is not None
    assert 5 < found < 10


def test_histograms_over_other_bins_are_refused() -> None:
    with pytest.raises(ValueError, match="3 bins"):
        psi([1, 2, 3], [1, 2])


def test_psi_by_chance_is_the_mean_psi_of_samples_without_drift() -> None:
    random = np.random.default_rng(7)
    reference = [2_000] * 10
    windows = random.multinomial(500, [0.1] * 10, size=2_000)
    mean = float(np.mean([psi(reference, window.tolist()) for window in windows]))
    assert psi_by_chance(reference, windows[0].tolist()) == pytest.approx(mean, rel=0.1)


@given(st.lists(st.floats(0.26, 16_000), min_size=1, max_size=300), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bin_of_the_exact_one(values: list[float], share: float) -> None:
    edges = [0.25 * 2 ** (step / 4) for step in range(65)]
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=66).tolist()
    exact = sorted(values)[max(0, math.ceil(round(share * len(values), 9)) - 1)]
    upper = next(edge for edge in edges if edge >= exact)
    found = quantile(edges, counts, share)
    assert found is not None
    assert upper / 2**0.25 - 1e-9 <= found <= upper + 1e-9


def test_a_quantile_of_nothing_is_none() -> None:
    assert quantile([1.0], [0, 0], 0.5) is None
    assert quantile([], [3], 0.5) is None


def test_a_quantile_beyond_the_last_edge_is_the_last_edge() -> None:
    assert quantile([1.0, 2.0], [0, 0, 5], 0.95) == 2.0


def test_a_ratio_over_nothing_is_none() -> None:
    assert ratio(1.0, 0) is None
    assert ratio(None, 4) is None
    assert ratio(0.0, 4) == 0
