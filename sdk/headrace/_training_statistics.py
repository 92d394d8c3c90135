"""What is counted of features: of a training dataset split by split, of a feature group while its rows come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Counts between `edges`, lower ones in, upper ones out but for the last."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureStatistics:
    """A feature in a split, or in the rows of a group: `count` rows, of which `nulls` have no value.

    `mean`, `std` (of a sample), `quantiles` (rank → value) and `histogram` are of finite numbers, where true counts as
    1, and None where doubles do not hold them; `nonfinite` are NaN and infinities. `distinct` is estimated (standard
    error 1.6 %), as are quantiles, percentiles (at 0, 1 … 100 %) and histogram (0.7 % of the rows). `min` and `max` of
    dates and times are ISO 8601. `categories` are (value, count) of booleans, whole numbers and short texts: all
    of them up to 1,000 (fewer in a dataset of more than 1,000 columns), else of texts the most frequent, estimated,
    and of numbers none.
    """

    name: str
    count: int
    nulls: int
    distinct: int
    nonfinite: int
    min: float | str | None
    max: float | str | None
    mean: float | None = None
    std: float | None = None
    quantiles: Mapping[float, float] = field(default_factory=dict)
    histogram: Histogram | None = None
    percentiles: tuple[float, ...] = ()
    categories: tuple[tuple[Any, int], ...] | None = None
    all_categories: bool = True

    @property
    def stddev(self) -> float | None:
        """The standard deviation, by its other name."""
        return self.std

    @property
    def unique_values(self) -> list[Any]:
        """The values of `categories`, in order."""
        return sorted(value for value, _ in self.categories or ())


def statistics_of(stored: Mapping[str, Any]) -> dict[str, dict[str, FeatureStatistics]]:
    """Split → feature → its statistics, from what the platform stored."""
    return {
        split: {feature["name"]: feature_statistics(feature, counted["rows"]) for feature in counted["features"]}
        for split, counted in stored["splits"].items()
    }


def changed(
    before: Mapping[str, Mapping[str, FeatureStatistics]], after: Mapping[str, Mapping[str, FeatureStatistics]]
) -> list[str]:
    """In which features the splits of two datasets differ, in words; estimates are left aside."""
    said = []
    for split, features in before.items():
        others = after.get(split, {})
        names = [name for name, one in features.items() if name not in others or _exact(one) != _exact(others[name])]
        if names:
            said.append(f"in split {split!r} the values of {', '.join(names)} are others")
    return said


def _exact(one: FeatureStatistics) -> tuple[object, ...]:
    return one.count, one.nulls, one.nonfinite, one.min, one.max, one.mean, one.std


def feature_statistics(stored: Mapping[str, Any], rows: int) -> FeatureStatistics:
    """The statistics of a feature of that many rows, from what the platform says."""
    histogram = stored.get("histogram")
    categories = stored.get("categories")
    return FeatureStatistics(
        name=stored["name"],
        count=rows,
        nulls=stored["nulls"],
        distinct=stored["distinct"],
        nonfinite=stored["nonfinite"],
        min=stored["min"],
        max=stored["max"],
        mean=stored.get("mean"),
        std=stored.get("std"),
        quantiles={float(rank): value for rank, value in stored.get("quantiles", {}).items()},
        histogram=histogram and Histogram(edges=tuple(histogram["edges"]), counts=tuple(histogram["counts"])),
        percentiles=tuple(stored.get("percentiles", ())),
        categories=None if categories is None else tuple((value, count) for value, count in categories["counts"]),
        all_categories=categories is None or categories["all"],
    )
