"""Feature monitors that are there: run, switch, read what they found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headrace._http import Api
from headrace._monitoring import Alert, alert_of
from headrace._plot import columns
from headrace._splits import Time, iso


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRead:
    """A window that was read: from `rows` of the offline store, `sketches` of commits, or a `training_dataset`.

    It lies between `starts` (inclusive) and `ends` (exclusive) of the log. `start` is None: from the first row on.
    """

    source: str
    rows: int
    start: int | None
    end: int | None
    starts: tuple[str, ...]
    ends: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftBins:
    """How many values of each side are in each bin: a bin holds its upper edge, the outer ones are open.

    Of categories the last bin is of all others, where there are more bins than names.
    """

    edges: tuple[float, ...]
    categories: tuple[str, ...]
    detection: tuple[int, ...]
    reference: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDrift:
    """One feature in a run: its `difference` or distance, None where a side has no value, or `reason` says why not.

    `chance` is about what PSI would be, with so few values, if nothing had shifted. `bins` are there with statistics.
    """

    feature: str
    difference: float | None
    detection: float | None
    reference: float | None
    chance: float | None
    bins: DriftBins | None
    reason: str | None

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> FeatureDrift:
        """What the API tells."""
        bins = said["bins"]
        shown = bins and DriftBins(**{name: tuple(values) for name, values in bins.items()})
        return cls(**{**said, "bins": shown})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureMonitoringResult:
    """What came of a run. Where a window is empty, or nothing could be compared, no shift is detected."""

    number: int
    monitoring_time: datetime
    scheduled: bool
    shift_detected: bool
    shifted_feature_names: tuple[str, ...]
    empty_detection_window: bool
    empty_reference_window: bool
    raised_exception: str | None
    detection: WindowRead | None
    reference: WindowRead | None
    features: Mapping[str, FeatureDrift]

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> FeatureMonitoringResult:
        """The run that the API tells, once it is evaluated."""
        results = [FeatureDrift.read(one) for one in said["results"]]
        return cls(
            number=said["number"],
            monitoring_time=datetime.fromisoformat(said["monitoring_time"]),
            scheduled=said["scheduled"],
            shift_detected=said["shift_detected"],
            shifted_feature_names=tuple(said["shifted_features"]),
            empty_detection_window=said["empty_detection_window"],
            empty_reference_window=said["empty_reference_window"],
            raised_exception=said["raised_exception"],
            detection=_window(said["detection"]),
            reference=_window(said["reference"]),
            features={one.feature: one for one in results},
        )


class FeatureMonitor:
    """A monitor of a feature group or a feature view."""

    def __init__(self, api: Api, project: str, row: Mapping[str, Any]) -> None:
        self._api = api
        self._project = project
        self._row = row

    def __repr__(self) -> str:
        return f"FeatureMonitor({self.name!r}, {self.metric}, {self.watched})"

    @property
    def name(self) -> str:
        """Its name in the project."""
        return str(self._row["name"])

    @property
    def description(self) -> str:
        """What is said about it."""
        return str(self._row["description"])

    @property
    def watched(self) -> str:
        """What it watches, in words."""
        return f"{self._row['kind'].replace('_', ' ')} {self._row['watched']} version {self._row['watched_version']}"

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What it compares."""
        return tuple(self._row["features"])

    @property
    def metric(self) -> str:
        """What it compares them by."""
        return str(self._row["comparison"]["metric"])

    @property
    def threshold(self) -> float:
        """From which difference on there is a shift."""
        return float(self._row["comparison"]["threshold"])

    @property
    def cron_expression(self) -> str | None:
        """When it runs, in UTC; None: when it is asked to."""
        schedule = self._row["schedule"]
        return None if schedule is None else str(schedule["cron_expression"])

    @property
    def enabled(self) -> bool:
        """Whether its schedule ran it when last asked."""
        return bool(self._row["enabled"])

    @property
    def alert_open(self) -> bool:
        """Whether its alert was open when last asked."""
        return bool(self._row["alert_open"])

    def refresh(self) -> FeatureMonitor:
        """The same, as it is now. Raises NotFound."""
        self._row = self._api.get(self._path)
        return self

    def run_once(self, timeout: float = 300.0) -> FeatureMonitoringResult:
        """Compare now, whether it is enabled or not, and return what came of it.

        The windows hold what the log had taken by now; rows that are on their way to the offline store are waited for.
        Raises Failed where it is not done in time.
        """
        accepted = self._api.post(f"{self._path}/runs", {})
        number = self._api.happened(self._project, accepted, "feature_monitor.run_requested")["number"]
        said = self._api.wait_until(
            f"{self._path}/runs/{number}",
            lambda row: row if row["phase"] == "evaluated" else None,
            f"run {number} of {self!r}",
            seconds=timeout,
        )
        return FeatureMonitoringResult.read(said)

    def enable(self) -> FeatureMonitor:
        """Let its schedule run it from now on; for Data Owners."""
        return self._switch(enabled=True)

    def disable(self) -> FeatureMonitor:
        """Let its schedule run it no more; for Data Owners."""
        return self._switch(enabled=False)

    def delete(self) -> None:
        """Take it away with its results; its name is never used again. For Data Owners."""
        self._api.delete(self._path)

    def get_history(
        self,
        start_time: Time | None = None,
        end_time: Time | None = None,
        *,
        with_statistics: bool = False,
        limit: int = 100,
    ) -> list[FeatureMonitoringResult]:
        """What came of the last runs (at most 1,000) of monitoring times between two, the newest first.

        With statistics, distances come with the counts of each bin.
        """
        rows = self._api.get(
            f"{self._path}/runs",
            start=None if start_time is None else iso(start_time),
            end=None if end_time is None else iso(end_time),
            limit=limit,
            with_statistics=with_statistics,
        )
        return [FeatureMonitoringResult.read(row) for row in rows if row["phase"] == "evaluated"]

    def get_alerts(self) -> list[Alert]:
        """All its alerts, open and resolved, the last opened first."""
        return [alert_of(row) for row in self._api.get(f"{self._path}/alerts")]

    def plot(self, feature_name: str | None = None, *, width: int = 100, height: int = 8) -> str:
        """The difference of a feature (or of the only one) over the last runs, as text for a terminal."""
        feature = feature_name or self.feature_names[0]
        found = [
            (run.monitoring_time, run.features[feature].difference)
            for run in reversed(self.get_history())
            if feature in run.features
        ]
        shown = [(at, difference) for at, difference in found if difference is not None]
        title = f"{self.metric} of {feature}, threshold {self.threshold:g}, by run"
        moments, values = [at for at, _ in shown], [difference for _, difference in shown]
        return columns(title, moments, values, width=width, height=height)

    def _switch(self, *, enabled: bool) -> FeatureMonitor:
        self._api.patch(self._path, {"enabled": enabled})
        return self.refresh()

    @property
    def _path(self) -> str:
        return f"/api/projects/{self._project}/feature-monitors/{self.name}"


def _window(said: Mapping[str, Any] | None) -> WindowRead | None:
    if said is None:
        return None
    return WindowRead(**{**said, "starts": tuple(said["starts"]), "ends": tuple(said["ends"])})
