"""Comparing two windows feature by feature: the difference of a scalar, or the distance of a distribution.

Bins are those of the reference: what a feature was like decides what it is measured by. The outer ones reach as far as
the numbers of either side do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite, nextafter

from headrace_events.feature_monitor_config import Binning, Comparison, Strategy
from headrace_events.feature_monitor_result import Bins, FeatureDrift
from headrace_processors.feature_monitors.distances import distance
from headrace_processors.feature_monitors.profile import NotTold, Window, metric
from headrace_projections.monitoring.formulas import psi_by_chance

MOST_CATEGORIES = 100
"""How many categories have a bin of their own: the most frequent ones of both sides; all others are one more."""
LONGEST_CATEGORY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """A comparison of features of these types (name → type)."""

    comparison: Comparison
    types: Mapping[str, str]

    def feature(self, name: str, detection: Window, reference: Window | None) -> FeatureDrift:
        """How far the feature is from the reference, or where there is none from the specific value.

        Raises Unavailable.
        """
        kind = self.types.get(name)
        if kind is None:
            return FeatureDrift(feature=name, reason="there is no such feature any more")
        if not self.comparison.takes(kind):
            return FeatureDrift(feature=name, reason=f"values of type {kind} have no {self.comparison.metric} here")
        try:
            if self.comparison.binning is None:
                return self._scalar(name, detection, reference)
            assert reference is not None  # noqa: S101 - distributions have one
            return self._distribution(name, self.comparison.binning, detection, reference)
        except NotTold as error:
            return FeatureDrift(feature=name, reason=str(error))

    def _scalar(self, name: str, detection: Window, reference: Window | None) -> FeatureDrift:
        found = _value(self.comparison.metric, name, detection)
        if reference is None:
            expected = self.comparison.specific_value
        else:
            expected = _value(self.comparison.metric, name, reference)
        if found is None or expected is None:
            return FeatureDrift(feature=name, detection=found, reference=expected)
        apart = abs(found - expected)
        if self.comparison.relative and expected:
            apart /= abs(expected)
        if not isfinite(apart):
            return FeatureDrift(feature=name, reason="the difference is beyond what doubles hold")
        return FeatureDrift(feature=name, difference=apart, detection=found, reference=expected)

    def _distribution(self, name: str, binning: Binning, detection: Window, reference: Window) -> FeatureDrift:
        if self.comparison.categorical(self.types[name]):
            bins = _by_category(detection.categories(name), reference.categories(name))
        else:
            inner = inner_edges(name, binning, reference)
            if inner is None:
                return FeatureDrift(feature=name)
            least, most = _outer(name, binning, detection, reference)
            bins = _by_edge(name, (least, *inner, most), detection, reference)
        metric_name = self.comparison.metric
        found = distance(metric_name, bins.detection, bins.reference, epsilon=binning.epsilon, edges=bins.edges)
        if found is not None and not isfinite(found):
            return FeatureDrift(feature=name, reason="the distance is beyond what doubles hold")
        chance = psi_by_chance(bins.reference, bins.detection) if metric_name == "PSI" else None
        return FeatureDrift(feature=name, difference=found, chance=chance, bins=bins)


def inner_edges(name: str, binning: Binning, reference: Window) -> list[float] | None:
    """The edges between the bins, in order, by the reference's numbers; None where it has none.

    Where the reference is constant there is a bin for that number, one below and one above it.
    """
    seen = reference.summary(name)
    if seen.least is None or seen.most is None:
        return None
    if binning.strategy is Strategy.CUSTOM_EDGES:
        return list(binning.edges[1:-1])
    if seen.least == seen.most:
        return [edge for edge in (nextafter(seen.least, -inf), seen.least) if isfinite(edge)]
    if binning.strategy is Strategy.EQUI_WIDTH:
        shares = (rank / binning.bins for rank in range(1, binning.bins))
        inner = [seen.least * (1 - share) + seen.most * share for share in shares]
    else:
        inner = reference.quantiles(name, [rank / binning.bins for rank in range(1, binning.bins)])
    return sorted({edge for edge in inner if seen.least <= edge < seen.most}) or [seen.least]


def _outer(name: str, binning: Binning, *windows: Window) -> tuple[float, float]:
    """The least and the greatest number of both sides, between which all bins are; custom edges say it themselves."""
    if binning.edges:
        return binning.edges[0], binning.edges[-1]
    seen = [window.summary(name) for window in windows]
    least = [one.least for one in seen if one.least is not None]
    most = [one.most for one in seen if one.most is not None]
    return min(least), max(most)


def _by_edge(name: str, edges: Sequence[float], detection: Window, reference: Window) -> Bins:
    """Counts by bins that hold their upper edge."""
    inner = edges[1:-1]
    found, expected = (_counts(window, name, inner) for window in (detection, reference))
    return Bins(edges=tuple(edges), detection=found, reference=expected)


def _counts(window: Window, name: str, inner: Sequence[float]) -> tuple[int, ...]:
    reached = [0, *window.up_to(name, inner), window.summary(name).numbers]
    return tuple(after - before for before, after in pairwise(reached))


def _by_category(detection: Mapping[str, int], reference: Mapping[str, int]) -> Bins:
    """Counts by value; those beyond the most frequent are one bin together, which is the last one and has no name."""
    both = {name: detection.get(name, 0) + reference.get(name, 0) for name in {**reference, **detection}}
    kept = sorted(sorted(both, key=lambda name: (-both[name], name))[:MOST_CATEGORIES])
    found, expected = ([side.get(name, 0) for name in kept] for side in (detection, reference))
    if len(both) > len(kept):
        found.append(sum(detection.values()) - sum(found))
        expected.append(sum(reference.values()) - sum(expected))
    shown = tuple(name[:LONGEST_CATEGORY] for name in kept)
    return Bins(categories=shown, detection=tuple(found), reference=tuple(expected))


def _value(name: str, feature: str, window: Window) -> float | None:
    found = metric(name, window.summary(feature))
    return float(found) if found is not None and isfinite(found) else None
