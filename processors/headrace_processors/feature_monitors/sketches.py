"""A window read from what was counted of its commits: their sketches, merged. Nothing is read row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from headrace_events.feature_monitor_result import WindowRead
from headrace_processors.feature_monitors.profile import NotTold, Summary
from headrace_projections.statistics.feature import FeatureStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class SketchesWindow:
    """Counts, means and deviations are exact; distinct values (1.6 %) and ranks (0.7 %) are estimated."""

    read: WindowRead
    features: Mapping[str, FeatureStatistics]

    def summary(self, feature: str) -> Summary:
        """The feature in the window."""
        one = self.features[feature]
        return Summary(
            rows=self.read.rows,
            nulls=one.nulls,
            numbers=one.numbers,
            least=one.least if one.numbers else None,
            most=one.most if one.numbers else None,
            mean=one.mean if one.numbers else None,
            total=one.mean * one.numbers if one.numbers else None,
            deviation=sqrt(one.squares / (one.numbers - 1)) if one.numbers > 1 else None,
            distinct=round(one.distinct.get_estimate()),
        )

    def quantiles(self, feature: str, ranks: Sequence[float]) -> list[float]:
        """The numbers at these ranks."""
        found: list[float] = self.features[feature].sketch.get_quantiles(list(ranks), True)
        return found

    def up_to(self, feature: str, edges: Sequence[float]) -> list[int]:
        """How many numbers are at each edge or below it."""
        one = self.features[feature]
        if not one.numbers or not edges:
            return [0] * len(edges)
        return [round(share * one.numbers) for share in one.sketch.get_cdf(list(edges), True)[:-1]]

    def categories(self, feature: str) -> Mapping[str, int]:
        """Not told: sketches of commits do not count categories."""
        raise NotTold(f"sketches do not count the values of {feature!r}: make the monitor exact")
