"""Monitors: windows over a deployment's predictions, their drift and quality, and alerts on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from headrace._errors import Conflict
from headrace._plot import columns

if TYPE_CHECKING:
    from headrace._http import Api

T = TypeVar("T")
DAY_S = 86_400

PREDICTION = "@prediction"
LATENCY = "@latency_ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window of event time as far as it is known; `window_start` is microseconds UTC.

    Accuracy (at 0.5), log loss and errors are over the `matched` predictions, those whose outcome is known, and None
    where there are none. Late outcomes revise a window; `revised_time` says when it was last.
    """

    window_start: int
    window_seconds: int
    count: int
    failed: int
    error_share: float
    latency_ms_mean: float | None
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    matched: int
    accuracy: float | None
    log_loss: float | None
    brier_score: float | None
    mean_absolute_error: float | None
    revised_time: str

    @property
    def start(self) -> datetime:
        """Its start."""
        return _moment(self.window_start)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureWindow:
    """One value of a deployment in one window: `counts` per bin between `edges`, beside those of the training data.

    A value v is in bin i when i edges are below v. `psi` has 1e-6 added to every bin's share; `psi_by_chance` is about
    what it would be, with so few values, if nothing had drifted. Both are None without anything to compare with.
    """

    window_start: int
    window_seconds: int
    feature: str
    count: int
    missing: int
    null_share: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    reference_counts: tuple[int, ...] | None
    psi: float | None
    psi_by_chance: float | None
    revised_time: str

    @property
    def start(self) -> datetime:
        """Its window's start."""
        return _moment(self.window_start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert from its opening to its resolution; window starts are microseconds UTC.

    It is of a rule of a deployment's monitor, or (these two are empty) of a feature monitor, whose windows start here
    at the time of the run.
    """

    deployment: str
    rule: str
    monitor: str = ""
    open: bool
    opened_time: str
    window_start: int
    observed: float
    resolved_time: str | None = None
    resolved_window_start: int | None = None
    resolved_observed: float | None = None


class Monitor:
    """The monitor of a deployment."""

    def __init__(self, api: Api, project: str, row: Mapping[str, Any]) -> None:
        self._api = api
        self._project = f"/api/projects/{project}"
        self._row = row

    def __repr__(self) -> str:
        return f"Monitor({self.deployment!r}, window_seconds={self.window_seconds}, bins={self.bins})"

    @property
    def deployment(self) -> str:
        """What it watches."""
        return str(self._row["deployment"])

    @property
    def window_seconds(self) -> int:
        """How much event time a window holds."""
        return int(self._row["window_seconds"])

    @property
    def bins(self) -> int:
        """How many bins a value has at most."""
        return int(self._row["bins"])

    def add_rule(
        self,
        name: str,
        *,
        metric: str,
        open_at: float,
        resolve_at: float | None = None,
        feature: str = "",
        windows: int = 1,
        cool_down_seconds: int = 0,
    ) -> Monitor:
        """Open an alert when `metric` is at or above `open_at` in so many adjacent windows; for Data Owners.

        Args:
            name: the rule's name.
            metric: psi, null_share, count, latency_ms_p95, error_share, accuracy or log_loss.
            open_at: at or above this it opens.
            resolve_at: at or below this it resolves; `open_at` unless given.
            feature: an input by its name or `@prediction`; empty for the whole deployment, of which psi and null_share
                are the highest of any input.
            windows: how many adjacent windows must be high.
            cool_down_seconds: how much event time after it resolved it does not open again.
        """
        body = {
            "rule": name,
            "metric": metric,
            "feature": feature,
            "open_at": open_at,
            "resolve_at": open_at if resolve_at is None else resolve_at,
            "windows": windows,
            "cool_down_seconds": cool_down_seconds,
        }
        self._api.post(f"{self._project}/monitors/{self.deployment}/rules", body)
        return self

    def get_windows(self) -> list[Window]:
        """All windows, the earliest first."""
        return [_value(Window, row) for row in self._windows()["windows"]]

    def get_features(self, feature: str | None = None) -> list[FeatureWindow]:
        """All windows of every value, or of one (an input, `@prediction`, `@latency_ms`), the earliest first."""
        return [_value(FeatureWindow, row) for row in self._windows(feature)["features"]]

    def unmatched_outcomes(self) -> int:
        """How many outcomes of the project have no prediction yet."""
        return int(self._windows(PREDICTION)["unmatched_outcomes"])

    def get_alerts(self) -> list[Alert]:
        """All alerts, open and resolved, the last opened first."""
        return [alert_of(row) for row in self._api.get(f"{self._monitoring}/alerts")]

    def plot(self, feature: str, *, width: int = 100, height: int = 8) -> str:
        """PSI of a value over its windows, as text for a terminal."""
        windows = self.get_features(feature)
        compared = [(window.start, window.psi) for window in windows if window.psi is not None]
        title = f"PSI of {feature} on {self.deployment}, by window"
        return columns(title, [at for at, _ in compared], [psi for _, psi in compared], width=width, height=height)

    @property
    def _monitoring(self) -> str:
        return f"{self._project}/deployments/{self.deployment}/monitoring"

    def _windows(self, feature: str | None = None) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._api.get(f"{self._monitoring}/windows", feature=feature)
        return found


def create_monitor(api: Api, project: str, deployment: str, *, window_seconds: int = DAY_S, bins: int = 10) -> Monitor:
    """Watch a deployment, the past too; its monitor as it is, if it has one. For Data Owners."""
    body = {"deployment": deployment, "window_seconds": window_seconds, "bins": bins}
    try:
        api.post(f"/api/projects/{project}/monitors", body)
    except Conflict as error:
        if error.code != "monitor-exists":
            raise
    return get_monitor(api, project, deployment)


def get_monitor(api: Api, project: str, deployment: str) -> Monitor:
    """The monitor of a deployment; raises NotFound."""
    return Monitor(api, project, api.get(f"/api/projects/{project}/monitors/{deployment}")["monitor"])


def alert_of(row: Mapping[str, Any]) -> Alert:
    """The alert that the API tells."""
    return _value(Alert, row)


def _value(cls: type[T], row: Mapping[str, Any]) -> T:
    """The row as a value; what a newer API adds is let pass."""
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type] # every cls here is a dataclass
    return cls(**{name: _frozen(row[name]) for name in names if name in row})


def _frozen(given: Any) -> Any:
    return tuple(given) if isinstance(given, list) else given


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, UTC)
