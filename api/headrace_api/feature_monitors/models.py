"""What is sent and answered about feature monitors."""

from dataclasses import replace

from pydantic import Field

from headrace_api.body import Body, Name, Text
from headrace_events.feature_monitor_config import Strategy, Watchable
from headrace_projections.catalogue.queries.feature_monitors import RunRow


class NewWatched(Body):
    """A version of a feature group, or of a feature view."""

    kind: Watchable = Field(strict=False)
    name: Name
    version: int


class NewWindow(Body):
    """From `offset_seconds` before a run, `length_seconds` long; without both, everything until the run."""

    offset_seconds: int | None = None
    length_seconds: int | None = None
    row_percentage: float = Field(default=1.0, description="the share of its rows that is taken, above 0 and up to 1")


class NewReference(Body):
    """What a window is compared with: one of the two."""

    window: NewWindow | None = None
    training_dataset: int | None = Field(default=None, description="of a feature view, by its version")


class NewBinning(Body):
    """Bins of a distribution."""

    strategy: Strategy | None = Field(
        default=None, strict=False, description="without one EQUI_FREQUENCY of numbers, CATEGORICAL of other values"
    )
    bins: int = 10
    epsilon: float = Field(default=1e-6, description="added to the share of each bin of both sides")
    edges: list[float] = Field(default=[], description="for CUSTOM_EDGES, the outer ones too")


class NewComparison(Body):
    """One metric and its threshold; with a binning the metric is a distance of distributions."""

    metric: Name = Field(examples=["PSI"])
    threshold: float
    strict: bool = Field(default=False, description="a shift is above the threshold, not at it")
    relative: bool = Field(default=False, description="the difference of a scalar in shares of the reference")
    specific_value: float | None = Field(
        default=None, description="what a scalar is compared with, in place of a reference"
    )
    binning: NewBinning | None = None


class NewSchedule(Body):
    """Runs at the times of a cron expression in UTC, between two times, microseconds since 1970."""

    cron_expression: Text = Field(examples=["0 0 12 ? * * *"])
    start: int | None = None
    end: int | None = None


class NewFeatureMonitor(Body):
    """A monitor to be."""

    name: Name
    description: Text = ""
    watched: NewWatched
    features: list[Name] = Field(default=[], description="without any, all that have the metric")
    detection: NewWindow = NewWindow()
    reference: NewReference | None = None
    comparison: NewComparison
    schedule: NewSchedule | None = None
    exact: bool = Field(default=False, description="read rows, also where sketches of commits would do")


class Switch(Body):
    """Whether the schedule runs the monitor."""

    enabled: bool


def without_statistics(run: RunRow) -> RunRow:
    """The run with what it found, and without the bins that this was found by."""
    results = run.results and tuple(replace(one, bins=None) for one in run.results)
    return replace(run, results=results)
