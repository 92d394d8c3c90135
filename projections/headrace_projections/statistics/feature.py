"""Statistics of one feature, taken while its values pass by; memory does not grow with their number.

Counts, means and standard deviations are exact up to rounding; distinct values are estimated by a HyperLogLog sketch
(standard error 1.6 %), quantiles and histograms by a KLL sketch (rank error 0.7 %, none up to some hundred values).
Two of them merge to what both would have been together.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import datasketches
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace_projections.statistics import distinct

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 20
LONGEST_TEXT = 200
"""How many characters of the least and the greatest text are kept."""
_K_QUANTILES = 400
_SORTED = 1 << 12
"""So many numbers are sorted before a quantile sketch takes them: it would sort them, and takes longer."""


def _no_numbers() -> Any:
    return datasketches.kll_doubles_sketch(_K_QUANTILES)


@dataclass(slots=True, kw_only=True)
class FeatureStatistics:
    """Moments, quantiles and histogram are of finite numbers, where true counts as 1. Bounds are as JSON holds them.

    Of nested values and embeddings only the nulls are counted.
    """

    nulls: int = 0
    nonfinite: int = 0
    least: Any = None
    most: Any = None
    numbers: int = 0
    mean: float = 0.0
    squares: float = 0.0
    distinct: Any = field(default_factory=distinct.none)
    sketch: Any = field(default_factory=_no_numbers)

    def take(self, column: Any) -> None:
        """Count some more rows: an Arrow array, chunked or not."""
        self.nulls += column.null_count
        kind = column.type
        if pa.types.is_nested(kind):
            return
        values = column.drop_null()
        if is_number(kind):
            numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            finite = numbers[np.isfinite(numbers)]
            self.nonfinite += len(numbers) - len(finite)
            self._add(finite)
        elif len(values) and not pa.types.is_binary(kind):
            self._bound(*(_shown(end.as_py()) for end in pc.min_max(values).values()))
        self.distinct = distinct.both(self.distinct, _distinct(values))

    def merge(self, other: "FeatureStatistics") -> None:
        """Count what the other one has counted, too."""
        self.nulls += other.nulls
        self.nonfinite += other.nonfinite
        self.distinct = distinct.both(self.distinct, other.distinct)
        if other.least is not None:
            self._bound(other.least, other.most)
        if other.numbers:
            self.sketch.merge(other.sketch)
            self._join(other.numbers, other.mean, other.squares)

    def summary(self, name: str) -> dict[str, Any]:
        """What is known now, as plain values that JSON holds."""
        of_numbers: dict[str, Any] = {}
        if self.numbers:
            variance = self.squares / (self.numbers - 1) if self.numbers > 1 else math.nan
            values = self.sketch.get_quantiles(list(QUANTILES))
            of_numbers = {
                "mean": _finite(self.mean),
                "std": _finite(math.sqrt(variance)),
                "quantiles": dict(zip(map(str, QUANTILES), values, strict=True)),
                "histogram": self._histogram(),
            }
        return {
            "name": name,
            "nulls": self.nulls,
            "distinct": round(self.distinct.get_estimate()),
            "nonfinite": self.nonfinite,
            "min": self.least,
            "max": self.most,
            **of_numbers,
        }

    def _add(self, numbers: Any) -> None:
        if not len(numbers):
            return
        for first in range(0, len(numbers), _SORTED):
            self.sketch.update(np.sort(numbers[first : first + _SORTED]))
        self._bound(float(numbers.min()), float(numbers.max()))
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(numbers.mean())
            squares = float(((numbers - mean) ** 2).sum())
        self._join(len(numbers), mean, squares)

    def _join(self, count: int, mean: float, squares: float) -> None:
        """Merge the moments of these numbers (Chan, Golub and LeVeque 1983)."""
        total = self.numbers + count
        apart = mean - self.mean
        self.squares += squares + apart * apart * self.numbers * count / total
        self.mean += apart * count / total
        self.numbers = total

    def _bound(self, least: Any, most: Any) -> None:
        self.least = least if self.least is None else min(self.least, least)
        self.most = most if self.most is None else max(self.most, most)

    def _histogram(self) -> dict[str, Any] | None:
        """How many numbers are in each bin, lower edges in, upper ones out but for the last; None where no bins fit."""
        if self.least == self.most:
            return {"edges": [self.least, self.most], "counts": [self.numbers]}
        with np.errstate(over="ignore", invalid="ignore"):
            edges = np.linspace(self.least, self.most, BINS + 1)
        if not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
            return None
        reached = [0, *(round(share * self.numbers) for share in self.sketch.get_cdf(edges[1:-1].tolist()))]
        return {"edges": edges.tolist(), "counts": [after - before for before, after in pairwise(reached)]}


def is_number(kind: pa.DataType) -> bool:
    """Whether values of the type have moments."""
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    )


def _distinct(values: Any) -> Any:
    """A sketch of the distinct values; of those that are costly to say, each is said once."""
    kind = values.type
    if pa.types.is_temporal(kind):
        whole = pa.int32() if pa.types.is_date32(kind) else pa.int64()
        return _distinct(values.cast(whole))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        wide = pa.int64() if pa.types.is_integer(kind) else pa.float64()
        return distinct.sketch_of_numbers(values.cast(wide).to_numpy(zero_copy_only=False))
    plain = pc.unique(values).to_pylist()
    return distinct.sketch_of(plain if pa.types.is_string(kind) else map(str, plain))


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _shown(value: Any) -> Any:
    return value[:LONGEST_TEXT] if isinstance(value, str) else value.isoformat()
