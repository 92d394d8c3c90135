"""Statistics of each split and feature, taken while the rows pass by; memory does not grow with their number.

Counts, means and standard deviations are exact up to rounding; distinct values are estimated by a HyperLogLog sketch
(standard error 1.6 %), quantiles and histograms by a KLL sketch (rank error 0.7 %, none up to some hundred values).
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import datasketches
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
BINS = 20
_LG_DISTINCT = 12
_K_QUANTILES = 400


@dataclass(slots=True)
class FeatureStatistics:
    """One feature of one split. Moments, quantiles and histogram are of finite numbers; true counts as 1."""

    kind: pa.DataType
    nulls: int = 0
    nonfinite: int = 0
    least: Any = None
    most: Any = None
    _numbers: int = 0
    _mean: float = 0.0
    _squares: float = 0.0
    _distinct: Any = field(default_factory=lambda: datasketches.hll_sketch(_LG_DISTINCT))
    _sketch: Any = field(default_factory=lambda: datasketches.kll_doubles_sketch(_K_QUANTILES))

    def take(self, column: pa.Array) -> None:
        """Count some more rows."""
        self.nulls += column.null_count
        values = column.drop_null()
        for value in _plain(pc.unique(values)):
            self._distinct.update(value)
        if _is_number(self.kind):
            numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            finite = numbers[np.isfinite(numbers)]
            self.nonfinite += len(numbers) - len(finite)
            self._add(finite)
        elif len(values) and not pa.types.is_binary(self.kind):
            self._bound(*(end.as_py() for end in pc.min_max(values).values()))

    def summary(self, name: str) -> dict[str, Any]:
        """What is known now, as plain values that JSON holds."""
        of_numbers: dict[str, Any] = {}
        if self._numbers:
            variance = self._squares / (self._numbers - 1) if self._numbers > 1 else math.nan
            values = self._sketch.get_quantiles(list(QUANTILES))
            of_numbers = {
                "mean": _finite(self._mean),
                "std": _finite(math.sqrt(variance)),
                "quantiles": dict(zip(map(str, QUANTILES), values, strict=True)),
                "histogram": self._histogram(),
            }
        return {
            "name": name,
            "nulls": self.nulls,
            "distinct": round(self._distinct.get_estimate()),
            "nonfinite": self.nonfinite,
            "min": _shown(self.least),
            "max": _shown(self.most),
            **of_numbers,
        }

    def _add(self, numbers: Any) -> None:
        """Merge the moments of these numbers (Chan, Golub and LeVeque 1983)."""
        if not len(numbers):
            return
        self._sketch.update(np.ascontiguousarray(numbers))
        self._bound(float(numbers.min()), float(numbers.max()))
        with np.errstate(over="ignore", invalid="ignore"):
            count, mean = len(numbers), float(numbers.mean())
            squares = float(((numbers - mean) ** 2).sum())
        total = self._numbers + count
        apart = mean - self._mean
        self._squares += squares + apart * apart * self._numbers * count / total
        self._mean += apart * count / total
        self._numbers = total

    def _bound(self, least: Any, most: Any) -> None:
        self.least = least if self.least is None else min(self.least, least)
        self.most = most if self.most is None else max(self.most, most)

    def _histogram(self) -> dict[str, Any] | None:
        """How many numbers are in each bin, lower edges in, upper ones out but for the last; None where no bins fit."""
        if self.least == self.most:
            return {"edges": [self.least, self.most], "counts": [self._numbers]}
        with np.errstate(over="ignore", invalid="ignore"):
            edges = np.linspace(self.least, self.most, BINS + 1)
        if not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
            return None
        reached = [0, *(round(share * self._numbers) for share in self._sketch.get_cdf(edges[1:-1].tolist()))]
        return {"edges": edges.tolist(), "counts": [after - before for before, after in pairwise(reached)]}


class DatasetStatistics:
    """Takes a dataset split by split, in batches of any size; columns that identify an example are left out."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = pa.schema([column for column in schema if not column.name.startswith("_")])
        self._splits: dict[str, Mapping[str, Any]] = {}

    def split(self, name: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Pass the split's batches on while they are counted; the split is there once all of them are taken."""
        features = {column.name: FeatureStatistics(column.type) for column in self._schema}
        rows = 0
        for batch in batches:
            yield batch
            rows += batch.num_rows
            for column, feature in features.items():
                feature.take(batch.column(column))
        self._splits[name] = {
            "rows": rows,
            "features": [feature.summary(column) for column, feature in features.items()],
        }

    def summary(self) -> dict[str, Any]:
        """All splits, as plain values that JSON holds."""
        return {"splits": self._splits}


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    )


def _plain(values: pa.Array) -> list[Any]:
    """The values as a sketch takes them: numbers and strings."""
    kind = values.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_string(kind):
        plain: list[Any] = values.to_pylist()
        return plain
    return [str(value) for value in values.to_pylist()]


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _shown(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float) else value.isoformat()
