"""What is said of feature monitors: made, switched and deleted, run, and what came of each run."""

from headrace_events.feature_monitor_config import Comparison, Reference, Schedule, TimeWindow, Watched
from headrace_events.feature_monitor_result import FeatureDrift, WindowRead
from headrace_events.ids import Micros
from headrace_events.language import Command, Event, command, event


class _Named:
    """What names a monitor."""

    __slots__ = ()
    name: str

    @property
    def key(self) -> str:
        return self.name


@command("feature_monitor.create")
class CreateFeatureMonitor(_Named, Command):
    """Compare windows of these features (none: of all that have the metric; of a group, but for key and event time)."""

    project: str
    name: str
    description: str = ""
    watched: Watched
    features: tuple[str, ...] = ()
    detection: TimeWindow
    reference: Reference | None = None
    comparison: Comparison
    schedule: Schedule | None = None
    exact: bool = False


@command("feature_monitor.switch")
class SwitchFeatureMonitor(_Named, Command):
    """Let its schedule run it, or not; runs that are asked for are made either way."""

    project: str
    name: str
    enabled: bool


@command("feature_monitor.delete")
class DeleteFeatureMonitor(_Named, Command):
    """Take the monitor away; what it found stays in the log, and its name is never used again."""

    project: str
    name: str


@command("feature_monitor.run")
class RunFeatureMonitor(_Named, Command):
    """Compare now."""

    project: str
    name: str


@command("feature_monitor.run_on_schedule")
class RunFeatureMonitorOnSchedule(_Named, Command):
    """The schedule says: it is time. `at` is the time of the cron expression."""

    project: str
    name: str
    at: Micros


@command("feature_monitor.record")
class RecordFeatureMonitoring(_Named, Command):
    """What came of a run, for each feature; without any, `reason` says why none could be compared."""

    project: str
    name: str
    number: int
    detection: WindowRead | None = None
    reference: WindowRead | None = None
    results: tuple[FeatureDrift, ...] = ()
    reason: str | None = None


@event("feature_monitor.created")
class FeatureMonitorCreated(_Named, Event):
    """The monitor is there and enabled `since` then; `exact` ones read rows, never sketches."""

    name: str
    description: str
    watched: Watched
    features: tuple[str, ...]
    detection: TimeWindow
    reference: Reference | None = None
    comparison: Comparison
    schedule: Schedule | None = None
    exact: bool
    since: Micros


@event("feature_monitor.switched")
class FeatureMonitorSwitched(_Named, Event):
    """Its schedule runs it from `since` on, or does not any more."""

    name: str
    enabled: bool
    since: Micros


@event("feature_monitor.deleted")
class FeatureMonitorDeleted(_Named, Event):
    """The monitor is no more; runs that were not made yet will not be."""

    name: str


@event("feature_monitor.run_requested")
class FeatureMonitorRunRequested(_Named, Event):
    """A run is to be made, as of `at`; runs of a monitor are numbered from 1."""

    name: str
    number: int
    at: Micros
    scheduled: bool


@event("feature_monitor.evaluated")
class FeatureMonitorEvaluated(_Named, Event):
    """What came of a run. A window without rows is empty, and then nothing has shifted.

    Of a sensitive project there are no bins, and no least and greatest values.
    """

    name: str
    number: int
    monitoring_time: Micros
    shift_detected: bool
    shifted_features: tuple[str, ...]
    empty_detection_window: bool
    empty_reference_window: bool
    detection: WindowRead | None = None
    reference: WindowRead | None = None
    results: tuple[FeatureDrift, ...]
    raised_exception: str | None = None


@event("feature_monitor.alert_opened")
class FeatureMonitorAlertOpened(_Named, Event):
    """Somebody should look: this run was the first to find a shift; `observed` is the greatest difference."""

    name: str
    number: int
    monitoring_time: Micros
    features: tuple[str, ...]
    observed: float


@event("feature_monitor.alert_resolved")
class FeatureMonitorAlertResolved(_Named, Event):
    """This run compared all features for which the alert was open, and found no shift any more."""

    name: str
    number: int
    monitoring_time: Micros
    observed: float
