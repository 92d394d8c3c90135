"""What is said about the statistics of a feature group."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, Field

from headrace_api.body import Body, Name
from headrace_events.feature_statistics import StatisticsConfig
from headrace_projections.rows.groups import Group
from headrace_projections.statistics.computed import Computed
from headrace_projections.statistics.window import Offsets, Window


class Histogram(BaseModel):
    """Counts between edges, lower ones in, upper ones out but for the last."""

    edges: list[float]
    counts: list[int]


class CountedFeature(BaseModel):
    """A feature: moments, quantiles (rank → value) and histogram are of its finite numbers, where true counts as 1."""

    name: str
    nulls: int
    distinct: int = Field(
        description="estimated, standard error 1.6 %, unless exact ones are asked for; 0 of nested values, whose nulls"
        " alone count"
    )
    nonfinite: int = Field(description="NaN and infinities")
    min: float | str | None
    max: float | str | None
    mean: float | None = None
    std: float | None = Field(default=None, description="of a sample")
    quantiles: Mapping[str, float] = {}
    histogram: Histogram | None = None


class Correlations(BaseModel):
    """Pearson's coefficients over the rows where all of these features have a finite number."""

    features: list[str]
    rows: int
    coefficients: list[list[float | None]]


class Computing(Body):
    """Which statistics are to be computed, and of what."""

    as_of: str | None = Field(
        default=None,
        max_length=10_000,
        description="a time (ISO 8601, UTC without a zone) or positions, as rows are read; without it, now",
    )
    features: list[Name] | None = Field(default=None, description="of these only; without any, of all that are counted")
    exact_uniqueness: bool | None = Field(
        default=None, description="count distinct values one by one; without it, as the group is configured"
    )


class ComputedStatistics(BaseModel):
    """Of the last row of each key that was there at the moment."""

    rows: int
    features: list[CountedFeature]
    correlations: Correlations | None = None


class Counted(BaseModel):
    """What was counted of the records between two positions of the group's topic.

    An upsert counts each time it comes; a delete counts as one, and takes nothing back.
    """

    rows: int
    deletes: int
    first_append: datetime | None = Field(description="when the log took the first of these records")
    last_append: datetime | None
    starts: list[str] = Field(description="positions, inclusive: one for each partition")
    ends: list[str] = Field(description="positions, exclusive")
    features: list[CountedFeature]
    correlations: Correlations | None = None


def counted(group: Group, window: Window) -> Counted:
    """The window, as the wishes of the group say."""
    wish = group.statistics
    features = [one.summary(name) for name, one in window.features.items()]
    return Counted(
        rows=window.rows,
        deletes=window.deletes,
        first_append=window.first,
        last_append=window.last,
        starts=_positions(group, window.starts),
        ends=_positions(group, window.ends),
        features=[CountedFeature.model_validate(one if wish.histograms else _bare(one)) for one in features],
        correlations=_correlations(window, wish),
    )


def told(group: Group, found: Computed) -> ComputedStatistics:
    """What was computed, as the wishes of the group say."""
    wish = group.statistics
    features = [
        one.summary(name) | ({"distinct": found.distinct[name]} if name in found.distinct else {})
        for name, one in found.features.items()
    ]
    return ComputedStatistics(
        rows=found.rows,
        features=[CountedFeature.model_validate(one if wish.histograms else _bare(one)) for one in features],
        correlations=_correlations(found, wish),
    )


def _bare(feature: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in feature.items() if name != "histogram"}


def _correlations(window: Window | Computed, wish: StatisticsConfig) -> Correlations | None:
    found = window.comoments
    if found is None or not wish.correlations:
        return None
    return Correlations(features=list(found.names), rows=found.count, coefficients=found.matrix())


def _positions(group: Group, offsets: Offsets) -> list[str]:
    return [f"{group.topic_id}:{number}:{offset}" for number, offset in enumerate(offsets)]
