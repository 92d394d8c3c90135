"""How numeric features move together: sums of products around the means, which merge as the moments of one do.

A row counts where all of these features have a finite number.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Doubles = npt.NDArray[np.float64]

_ROUNDING = 1e-12
"""How far values are apart, as a share of their mean, that are the same but for rounding."""


@dataclass(slots=True)
class Comoments:
    """Of `names`, over `count` rows: their means, and the sums of products of what they are apart from them."""

    names: tuple[str, ...]
    count: int
    means: Doubles
    products: Doubles

    @classmethod
    def none(cls, names: Sequence[str]) -> "Comoments":
        """Of no row."""
        return cls(tuple(names), 0, np.zeros(len(names)), np.zeros((len(names), len(names))))

    @classmethod
    def read(cls, stored: bytes) -> "Comoments":
        """What `stored` gave."""
        with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
            names = tuple(str(name) for name in arrays["names"])
            return cls(names, int(arrays["count"]), arrays["means"], arrays["products"])

    def stored(self) -> bytes:
        """As bytes."""
        out = io.BytesIO()
        np.savez(out, names=np.array(self.names, str), count=self.count, means=self.means, products=self.products)
        return out.getvalue()

    def take(self, rows: Any) -> None:
        """Count the rows of an Arrow table that has these columns."""
        if not self.names or not rows.num_rows:
            return
        columns = [_doubles(rows.column(name)) for name in self.names]
        values = np.stack(columns, axis=1)
        values = values[np.isfinite(values).all(axis=1)]
        if not len(values):
            return
        with np.errstate(over="ignore", invalid="ignore"):
            means = values.mean(axis=0)
            apart = values - means
            self.merge(Comoments(self.names, len(values), means, apart.T @ apart))

    def merge(self, other: "Comoments") -> None:
        """Count what the other one has counted; where it is of other features, those that both have are left."""
        if self.names != other.names:
            both = [name for name in self.names if name in other.names]
            self._keep(both)
            other = other._kept(both)
        total = self.count + other.count
        if not total:
            return
        with np.errstate(over="ignore", invalid="ignore"):
            apart = other.means - self.means
            self.products = self.products + other.products + np.outer(apart, apart) * (self.count * other.count / total)
            self.means = self.means + apart * (other.count / total)
        self.count = total

    def matrix(self) -> list[list[float | None]]:
        """Pearson's coefficients; None where a feature has one value, or fewer than two rows count."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            spread = np.sqrt(np.diag(self.products))
            spread[spread <= _ROUNDING * np.abs(self.means) * np.sqrt(self.count)] = 0
            found = self.products / np.outer(spread, spread)
        return [[min(1.0, max(-1.0, float(one))) if np.isfinite(one) else None for one in row] for row in found]

    def _keep(self, names: Sequence[str]) -> None:
        kept = self._kept(names)
        self.names, self.means, self.products = kept.names, kept.means, kept.products

    def _kept(self, names: Sequence[str]) -> "Comoments":
        places = [self.names.index(name) for name in names]
        return Comoments(tuple(names), self.count, self.means[places], self.products[np.ix_(places, places)])


def _doubles(column: Any) -> Doubles:
    values = column.cast(pa.float64(), safe=False)
    numbers: Doubles = (
        values.to_numpy() if isinstance(values, pa.ChunkedArray) else values.to_numpy(zero_copy_only=False)
    )
    return numbers
