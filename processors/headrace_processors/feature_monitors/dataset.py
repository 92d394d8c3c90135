"""A training dataset as a window: its statistics, which were taken while it was written, and stay when files go.

Of the split `train`, or of the first where none is called that. Ranks are those of 101 percentiles, with straight lines
in between; where all values of a feature were counted (up to 1,000 of them), they are exact.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from headrace_events.feature_monitor_result import Source, WindowRead
from headrace_processors.feature_monitors.profile import NotTold, Summary
from headrace_projections.history.errors import Impossible

TRAIN = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetWindow:
    """A split of a dataset; `features` are what its statistics say, by name."""

    read: WindowRead
    features: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, stored: Mapping[str, Any], positions: tuple[str, ...]) -> "DatasetWindow":
        """The dataset whose statistics these are; raises Impossible where it has no split."""
        splits = stored["splits"]
        if not splits:
            raise Impossible("the training dataset has no rows to compare with")
        split = splits.get(TRAIN) or next(iter(splits.values()))
        read = WindowRead(source=Source.TRAINING_DATASET, rows=split["rows"], ends=positions)
        return cls(read=read, features={one["name"]: one for one in split["features"]})

    def summary(self, feature: str) -> Summary:
        """The feature in the split."""
        one = self._feature(feature)
        numbers = self._numbers(one)
        mean = one.get("mean") if numbers else None
        return Summary(
            rows=self.read.rows,
            nulls=one["nulls"],
            numbers=numbers,
            least=float(one["min"]) if numbers else None,
            most=float(one["max"]) if numbers else None,
            mean=mean,
            total=None if mean is None else mean * numbers,
            deviation=one.get("std") if numbers else None,
            **_distinct(one),
        )

    def quantiles(self, feature: str, ranks: Sequence[float]) -> list[float]:
        """The numbers at these ranks."""
        percentiles = self._feature(feature)["percentiles"]
        return [_between(percentiles, rank * (len(percentiles) - 1)) for rank in ranks]

    def up_to(self, feature: str, edges: Sequence[float]) -> list[int]:
        """How many numbers are at each edge or below it."""
        one = self._feature(feature)
        counts, numbers = _all(one), self._numbers(one)
        if counts is not None and counts and not isinstance(counts[0][0], str):
            return [sum(count for value, count in counts if value <= edge) for edge in edges]
        percentiles = one.get("percentiles", ())
        return [round(_share(percentiles, edge) * numbers) for edge in edges]

    def categories(self, feature: str) -> Mapping[str, int]:
        """How often each value is there, as text; raises NotTold where not all of them were counted."""
        counts = _all(self._feature(feature))
        if counts is None:
            raise NotTold(f"the training dataset has too many different values of {feature!r}: these are no categories")
        return {_text(value): count for value, count in counts}

    def _feature(self, feature: str) -> Mapping[str, Any]:
        if feature not in self.features:
            raise NotTold(f"the training dataset has no feature {feature!r}")
        return self.features[feature]

    def _numbers(self, one: Mapping[str, Any]) -> int:
        """How many finite numbers there are."""
        return int(self.read.rows - one["nulls"] - one["nonfinite"]) if "quantiles" in one else 0


def _all(one: Mapping[str, Any]) -> Sequence[tuple[Any, int]] | None:
    """Every value with its count, where all were counted."""
    categories = one.get("categories")
    return categories["counts"] if categories is not None and categories["all"] else None


def _distinct(one: Mapping[str, Any]) -> dict[str, Any]:
    counts = _all(one)
    if counts is None:
        return {"distinct": one["distinct"]}
    filled = sum(count for _, count in counts)
    entropy = max(0.0, log(filled) - sum(count * log(count) for _, count in counts) / filled) if filled else None
    return {"distinct": len(counts), "once": sum(count == 1 for _, count in counts), "entropy": entropy}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _between(values: Sequence[float], place: float) -> float:
    """The value at a place between two of them, on a straight line."""
    low = min(int(place), len(values) - 1)
    high = min(low + 1, len(values) - 1)
    return float(values[low] + (values[high] - values[low]) * (place - low))


def _share(percentiles: Sequence[float], edge: float) -> float:
    """Which share of the numbers is at the edge or below it."""
    reached = bisect_right(percentiles, edge)
    if reached == 0:
        return 0.0
    if reached == len(percentiles):
        return 1.0
    low, high = percentiles[reached - 1], percentiles[reached]
    return (reached - 1 + (edge - low) / (high - low)) / (len(percentiles) - 1)
