"""Bins of a value: where their edges lie, and how many values are in each. Pure functions of arrays.

Inner edges are ascending and distinct; n of them make n + 1 bins, the outer two open. A value v is in bin i when i
edges are below v, which is `numpy.searchsorted(edges, v, side="left")`, and what `windows.sql` computes too.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LATENCY_EDGES = tuple(0.25 * 2 ** (step / 4) for step in range(65))
"""Milliseconds from a quarter to 16 384, each edge 19 % above the one before, so that quantiles are as near."""


def quantile_edges(values: Floats, bins: int) -> tuple[float, ...]:
    """Edges that put about as many of the values into each bin; fewer where values repeat. Empty of nothing.

    Quantiles are linear between values (Hyndman and Fan, "Sample quantiles in statistical packages", 1996, type 7).
    """
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return ()
    inner = np.quantile(finite, np.linspace(0, 1, bins + 1)[1:-1])
    return tuple(float(edge) for edge in np.unique(inner))


def even_edges(bins: int) -> tuple[float, ...]:
    """Edges that cut [0, 1] into bins of one width."""
    return tuple(step / bins for step in range(1, bins))


def counts(values: Floats, edges: tuple[float, ...]) -> tuple[int, ...]:
    """How many of the finite values each bin has."""
    numbers = np.searchsorted(np.asarray(edges, dtype=np.float64), values[np.isfinite(values)], side="left")
    return tuple(int(count) for count in np.bincount(numbers, minlength=len(edges) + 1))


def missing(values: Floats) -> int:
    """How many values are absent or not finite."""
    return int(values.size - np.isfinite(values).sum())
