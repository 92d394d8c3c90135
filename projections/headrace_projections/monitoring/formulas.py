"""Numbers over windows: pure functions of counts and sums.

PSI, the population stability index, is that of Hopsworks' client (`hsfs/core/distribution_distance.py`, 5.x): shares
per bin, 1e-6 added to every share of both sides, both renormalised to 1, then Σ (p - q) · ln(p / q) with p of the
window and q of the reference. So an empty bin on either side gives a large but finite value. Missing values are no bin:
their share is a metric of its own.
"""

import math
from collections.abc import Sequence

EPSILON = 1e-6


def psi(reference: Sequence[int], window: Sequence[int]) -> float | None:
    """The population stability index of two histograms over the same bins; None where one of them is empty."""
    if len(reference) != len(window):
        raise ValueError(f"{len(reference)} bins cannot be compared with {len(window)}")
    if sum(reference) == 0 or sum(window) == 0:
        return None
    expected, found = _smoothed(reference), _smoothed(window)
    return math.fsum((p - q) * math.log(p / q) for p, q in zip(found, expected, strict=True))


def _smoothed(counts: Sequence[int]) -> list[float]:
    total = sum(counts)
    shares = [count / total + EPSILON for count in counts]
    whole = math.fsum(shares)
    return [share / whole for share in shares]


def psi_by_chance(reference: Sequence[int], window: Sequence[int]) -> float | None:
    """About what PSI is when nothing has drifted: (bins - 1) · (1/n + 1/m), from the sample sizes alone.

    Source: B. Yurdakul, "Statistical properties of the population stability index" (2018): under no drift PSI divided
    by (1/n + 1/m) follows a chi-squared distribution of bins - 1 degrees of freedom, whose mean that is.
    """
    n, m = sum(reference), sum(window)
    return (len(reference) - 1) * (1 / n + 1 / m) if n and m else None


def quantile(edges: Sequence[float], counts: Sequence[int], share: float) -> float | None:
    """The value below which that share of the counts lies, on a straight line within a bin; None of nothing.

    The first bin begins at 0 or, if that is lower, at its edge; of what lies above the last edge no more is known, so
    the last edge is given.
    """
    total = sum(counts)
    if total == 0 or not edges:
        return None
    wanted = share * total
    below = 0
    lower = min(0.0, edges[0])
    for upper, count in zip(edges, counts, strict=False):
        if count and below + count >= wanted:
            return lower + (upper - lower) * max(0.0, wanted - below) / count
        below += count
        lower = upper
    return edges[-1]


def ratio(part: float | None, whole: float | None) -> float | None:
    """The quotient; None where it says nothing."""
    return None if part is None or not whole else part / whole
