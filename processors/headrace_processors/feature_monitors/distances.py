"""How far two distributions over the same bins are from one another: pure functions of counts.

As in Hopsworks' client (`hsfs/core/distribution_distance.py`, 5.x): counts become shares, epsilon is added to each of
both sides, and both are divided by their sums, so that an empty bin gives a large but finite distance. d is of the
window, r of the reference; logarithms are natural.

| distance | formula | bounds |
| --- | --- | --- |
| PSI | Σ (d - r) · ln(d / r) | 0 and up |
| KL_DIVERGENCE | Σ d · ln(d / r), of the window from the reference: not symmetric | 0 and up |
| JS_DIVERGENCE | ½ (KL(d, m) + KL(r, m)), with m = (d + r) / 2; the divergence, not its root | 0 to ln 2 |
| HELLINGER | √(½ Σ (√d - √r)²) | 0 to 1 |
| WASSERSTEIN | area between the cumulative shares, over the centres of the bins; in units of the feature | 0 and up |
| KOLMOGOROV_SMIRNOV | the greatest distance between the cumulative shares, at the edges of the bins | 0 to 1 |
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]


def distance(
    metric: str, detection: Sequence[int], reference: Sequence[int], *, epsilon: float, edges: Sequence[float] = ()
) -> float | None:
    """The distance of that name; None where one side is empty. WASSERSTEIN needs the `edges`, outer ones too.

    Raises ValueError where the sides have different numbers of bins.
    """
    if len(detection) != len(reference):
        raise ValueError(f"{len(detection)} bins cannot be compared with {len(reference)}")
    if not sum(detection) or not sum(reference):
        return None
    found, expected = _smoothed(detection, epsilon), _smoothed(reference, epsilon)
    measured = _wasserstein(found, expected, edges) if metric == "WASSERSTEIN" else _OF[metric](found, expected)
    return max(0.0, measured)


def _smoothed(counts: Sequence[int], epsilon: float) -> Doubles:
    shares = np.asarray(counts, np.float64) / float(sum(counts)) + epsilon
    whole: Doubles = shares / shares.sum()
    return whole


def _psi(found: Doubles, expected: Doubles) -> float:
    return float(((found - expected) * np.log(found / expected)).sum())


def _kl(found: Doubles, expected: Doubles) -> float:
    return float((found * np.log(found / expected)).sum())


def _js(found: Doubles, expected: Doubles) -> float:
    middle = (found + expected) / 2
    return (_kl(found, middle) + _kl(expected, middle)) / 2


def _hellinger(found: Doubles, expected: Doubles) -> float:
    return float(np.sqrt(((np.sqrt(found) - np.sqrt(expected)) ** 2).sum() / 2))


def _apart(found: Doubles, expected: Doubles) -> Doubles:
    """The cumulative shares, apart, at the end of each bin but the last, where both are 1."""
    apart: Doubles = np.abs(np.cumsum(found - expected)[:-1])
    return apart


def _ks(found: Doubles, expected: Doubles) -> float:
    return float(_apart(found, expected).max(initial=0.0))


def _wasserstein(found: Doubles, expected: Doubles, edges: Sequence[float]) -> float:
    bounds = np.asarray(edges, np.float64)
    if len(bounds) != len(found) + 1:
        raise ValueError(f"{len(found)} bins have {len(found) + 1} edges, not {len(bounds)}")
    centres = bounds[:-1] / 2 + bounds[1:] / 2
    return float((_apart(found, expected) * np.diff(centres)).sum())


_OF: Mapping[str, Callable[[Doubles, Doubles], float]] = {
    "PSI": _psi,
    "KL_DIVERGENCE": _kl,
    "JS_DIVERGENCE": _js,
    "HELLINGER": _hellinger,
    "KOLMOGOROV_SMIRNOV": _ks,
}
