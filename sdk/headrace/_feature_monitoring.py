"""Making feature monitors of a feature group or a feature view, step by step, and finding them again."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from headrace._errors import Invalid
from headrace._feature_monitor import FeatureMonitor, FeatureMonitoringResult
from headrace._http import Api
from headrace._splits import Time, micros

DAILY = "0 0 12 ? * * *"
DEFAULT_PSI = 0.2
_LENGTH = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s)?", re.ASCII)
_SECONDS = (604_800, 86_400, 3_600, 60, 1)

Length = str | timedelta
"""How long, as in `1w2d`, `3h` or `90m` (w, d, h, m or min, s), or a timedelta."""
Names = str | Sequence[str] | None
Binning = Literal["EQUI_WIDTH", "EQUI_FREQUENCY", "CUSTOM_EDGES", "CATEGORICAL"]


class NewFeatureMonitor:
    """A monitor to be: say what it compares, then `save` it."""

    def __init__(self, api: Api, project: str, body: Mapping[str, Any]) -> None:
        self._api = api
        self._project = project
        self._body: dict[str, Any] = dict(body)

    def with_detection_window(
        self, time_offset: Length | None = None, window_length: Length | None = None, row_percentage: float = 1.0
    ) -> NewFeatureMonitor:
        """Look at rows from `time_offset` before a run, for `window_length` (or until the run); without both, at all.

        With a length alone, at the last one of that length. Of a group that is by when the log took the rows, of a view
        by their event time. Of its rows this share (0 to 1) is taken.
        """
        self._body["detection"] = _window(time_offset, window_length, row_percentage)
        return self

    def with_reference_window(
        self, time_offset: Length | None = None, window_length: Length | None = None, row_percentage: float = 1.0
    ) -> NewFeatureMonitor:
        """Compare with another window, said as that of the detection."""
        self._body["reference"] = {"window": _window(time_offset, window_length, row_percentage)}
        return self

    def with_reference_training_dataset(self, training_dataset_version: int) -> NewFeatureMonitor:
        """Compare with a training dataset of the view; of its split `train`, or its first."""
        self._body["reference"] = {"training_dataset": training_dataset_version}
        return self

    def compare_on(
        self,
        metric: str,
        threshold: float,
        feature_name: Names = None,
        *,
        strict: bool = False,
        relative: bool = False,
        specific_value: float | None = None,
    ) -> NewFeatureMonitor:
        """Compare a scalar; a shift is a difference at the threshold or above it.

        Args:
            metric: count, completeness, num_non_null_values, num_null_values, approx_num_distinct_values,
                exact_num_distinct_values, distinctness, uniqueness or entropy; of numbers also mean, min, max, sum and
                std_dev.
            threshold: how far the value may be from that of the reference.
            feature_name: one feature or several; without it all that have the metric.
            strict: a difference at the threshold is no shift yet.
            relative: the difference in shares of the reference, unless that is 0.
            specific_value: compare with this in place of a reference.
        """
        if specific_value is not None:
            self._body["reference"] = None
        return self._compare(
            feature_name,
            {
                "metric": metric.lower(),
                "threshold": threshold,
                "strict": strict,
                "relative": relative,
                "specific_value": specific_value,
            },
        )

    def compare_on_distribution(
        self,
        metric: str = "PSI",
        threshold: float | None = None,
        feature_name: Names = None,
        *,
        binning_strategy: Binning | None = None,
        bin_count: int = 10,
        smoothing_epsilon: float = 1e-6,
        custom_bin_edges: Sequence[float] | None = None,
        strict: bool = False,
    ) -> NewFeatureMonitor:
        """Compare a distribution; a shift is a distance at the threshold or above it.

        Args:
            metric: PSI, KL_DIVERGENCE, JS_DIVERGENCE, HELLINGER; of numbers also WASSERSTEIN and KOLMOGOROV_SMIRNOV.
            threshold: 0.2 for PSI unless given; all others need one.
            feature_name: one feature or several; without it all that have the metric.
            binning_strategy: EQUI_FREQUENCY of numbers and CATEGORICAL of other values unless given; bins are those of
                the reference.
            bin_count: how many bins numbers have.
            smoothing_epsilon: added to the share of every bin of both sides.
            custom_bin_edges: for CUSTOM_EDGES, the outer ones too.
            strict: a distance at the threshold is no shift yet.
        """
        name = metric.upper()
        if threshold is None:
            if name != "PSI":
                raise Invalid(f"{name} needs a threshold: only that of PSI is 0.2 by itself", code="no-threshold")
            threshold = DEFAULT_PSI
        strategy = "CUSTOM_EDGES" if custom_bin_edges is not None and binning_strategy is None else binning_strategy
        binning = {
            "strategy": strategy,
            "bins": bin_count,
            "epsilon": smoothing_epsilon,
            "edges": [float(edge) for edge in custom_bin_edges or ()],
        }
        return self._compare(
            feature_name, {"metric": name, "threshold": threshold, "strict": strict, "binning": binning}
        )

    def save(self) -> FeatureMonitor:
        """Make the monitor, which is enabled; for Data Owners.

        Raises:
            Invalid: `no-comparison`, or what is said does not go together; the message says what to do.
            Conflict: `feature-monitor-exists`; names are used once in a project.
        """
        if "comparison" not in self._body:
            raise Invalid("say what to compare: compare_on(…) or compare_on_distribution(…)", code="no-comparison")
        path = f"/api/projects/{self._project}/feature-monitors"
        self._api.post(path, self._body)
        return FeatureMonitor(self._api, self._project, self._api.get(f"{path}/{self._body['name']}"))

    def _compare(self, names: Names, comparison: Mapping[str, Any]) -> NewFeatureMonitor:
        if "comparison" in self._body:
            raise Invalid("a monitor compares by one metric: make another one", code="one-comparison")
        self._body["features"] = [names] if isinstance(names, str) else list(names or ())
        self._body["comparison"] = comparison
        return self


class FeatureMonitoring(ABC):
    """The feature monitors of one version of a feature group or a feature view."""

    _api: Api
    _project: str

    @property
    @abstractmethod
    def _watched(self) -> Mapping[str, Any]:
        """Kind, name and version."""

    def create_feature_monitoring(
        self,
        name: str,
        description: str = "",
        start_date_time: Time | None = None,
        end_date_time: Time | None = None,
        cron_expression: str | None = DAILY,
        *,
        exact: bool = False,
    ) -> NewFeatureMonitor:
        """A monitor to be, whose window is all rows until more is said; `save` makes it.

        Args:
            name: its name, used once in a project.
            description: what is said about it.
            start_date_time: from when on its schedule runs it.
            end_date_time: until when, both inclusive.
            cron_expression: when it runs, in UTC: five fields as in crontab, or six or seven as Quartz has them (every
                day at 12:00 unless given). None: only when asked to.
            exact: read rows, also where sketches of commits would do.
        """
        body: dict[str, Any] = {"name": name, "description": description, "watched": self._watched, "exact": exact}
        if cron_expression is not None:
            body["schedule"] = {
                "cron_expression": cron_expression,
                "start": None if start_date_time is None else micros(start_date_time),
                "end": None if end_date_time is None else micros(end_date_time),
            }
        return NewFeatureMonitor(self._api, self._project, body)

    def get_feature_monitoring_configs(self, name: str | None = None) -> list[FeatureMonitor]:
        """Its monitors, or the one of that name, if it is one of these."""
        watched = self._watched
        rows = self._api.get(
            f"/api/projects/{self._project}/feature-monitors",
            kind=watched["kind"],
            watched=watched["name"],
            version=watched["version"],
        )
        return [FeatureMonitor(self._api, self._project, row) for row in rows if name in {None, row["name"]}]

    def get_feature_monitoring_history(
        self,
        config_name: str,
        start_time: Time | None = None,
        end_time: Time | None = None,
        *,
        with_statistics: bool = False,
    ) -> list[FeatureMonitoringResult]:
        """As `FeatureMonitor.get_history`, of the monitor of that name; nothing where there is none."""
        return [
            result
            for monitor in self.get_feature_monitoring_configs(config_name)
            for result in monitor.get_history(start_time, end_time, with_statistics=with_statistics)
        ]


def _window(offset: Length | None, length: Length | None, row_percentage: float) -> dict[str, Any]:
    return {
        "offset_seconds": None if offset is None else seconds_of(offset),
        "length_seconds": None if length is None else seconds_of(length),
        "row_percentage": float(row_percentage),
    }


def seconds_of(length: Length) -> int:
    """How many seconds; raises Invalid."""
    if isinstance(length, timedelta):
        return round(length.total_seconds())
    said = _LENGTH.fullmatch(length) if length else None
    if said is None:
        raise Invalid(f"{length!r} is no length of time: write 1w, 2d, 3h or 90m, or join them", code="invalid-length")
    return sum(int(count) * unit for count, unit in zip(said.groups(), _SECONDS, strict=True) if count)
