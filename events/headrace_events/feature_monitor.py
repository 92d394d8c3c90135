"""Feature monitors: windows of features compared on schedule or when asked, and the alerts that open and resolve.

A run is a fact of the log before anything is read: it has a number and a time, from which its windows follow. What came
of it is another one, and whether that is a shift, and opens or resolves the monitor's alert, is decided here.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.cron import cron
from headrace_events.errors import AlreadyExists, Archived, Conflict, Invalid, NotFound
from headrace_events.external_feature_group import must_be_ours
from headrace_events.feature_group import FeatureGroup
from headrace_events.feature_monitor_config import (
    Comparison,
    Reference,
    Schedule,
    Watchable,
    Watched,
    check_comparison,
    check_schedule,
    check_window,
    chosen,
)
from headrace_events.feature_monitor_result import checked, shifted_features, without_values
from headrace_events.feature_monitor_words import (
    CreateFeatureMonitor,
    DeleteFeatureMonitor,
    FeatureMonitorAlertOpened,
    FeatureMonitorAlertResolved,
    FeatureMonitorCreated,
    FeatureMonitorDeleted,
    FeatureMonitorEvaluated,
    FeatureMonitorRunRequested,
    FeatureMonitorSwitched,
    RecordFeatureMonitoring,
    RunFeatureMonitor,
    RunFeatureMonitorOnSchedule,
    SwitchFeatureMonitor,
)
from headrace_events.feature_view import FeatureView
from headrace_events.ids import Micros, object_name
from headrace_events.language import Command, Event, value
from headrace_events.project import Project, is_sensitive
from headrace_events.training_dataset import MADE, TrainingDatasets

MOST_OPEN = 20
"""How many runs of a monitor wait at a time."""
MOST_AHEAD = 60_000_000
"""How far (microseconds) the clock that says a run is due may be ahead of the log's."""


@value
class FeatureMonitor:
    """A monitor: what it compares, how many runs it has, which of them wait, by number, and as of when.

    `alert` are the features for which its alert is open; `due` is the last time that its schedule has run it.
    """

    watched: Watched
    features: tuple[str, ...]
    comparison: Comparison
    schedule: Schedule | None = None
    since: Micros
    enabled: bool = True
    deleted: bool = False
    runs: int = 0
    waiting: Mapping[str, Micros]
    due: Micros = Micros(0)
    alert: tuple[str, ...] = ()


def decide(state: FeatureMonitor | None, wish: Command, known: Known) -> list[Event]:
    """Take what can be compared; let each run be recorded once; open an alert with a shift, resolve it without."""
    match wish:
        case CreateFeatureMonitor():
            if state is not None:
                raise AlreadyExists("feature monitor", wish.name)
            return [_created(wish, known)]
        case SwitchFeatureMonitor(name=name, enabled=enabled):
            same = _there(state, name).enabled is enabled
            return [] if same else [FeatureMonitorSwitched(name=name, enabled=enabled, since=known.now)]
        case DeleteFeatureMonitor(name=name):
            _there(state, name)
            return [FeatureMonitorDeleted(name=name)]
        case RunFeatureMonitor(name=name):
            return [_run(_there(state, name), name, known.now, scheduled=False)]
        case RunFeatureMonitorOnSchedule(name=name, at=at):
            monitor = _there(state, name)
            project = known.state(Project, None, wish.project)
            if project is not None and project.phase == "archived":
                raise Archived(wish.project)
            if at > known.now + MOST_AHEAD or not is_due(monitor, at):
                raise Conflict("not-due", f"the schedule of feature monitor {name!r} does not run it at {at}")
            return [_run(monitor, name, at, scheduled=True)]
        case RecordFeatureMonitoring():
            return _recorded(_there(state, wish.name), wish, known)
        case _:
            raise unknown(wish)


def is_due(monitor: FeatureMonitor, at: Micros) -> bool:
    """Whether the schedule runs the monitor at that time, and has not yet."""
    schedule = monitor.schedule
    if schedule is None or not monitor.enabled or monitor.deleted or at <= max(monitor.due, monitor.since):
        return False
    if at < (schedule.start or at) or at > (schedule.end or at):
        return False
    return cron(schedule.cron_expression, Micros(0)).until(at) == at


def _created(wish: CreateFeatureMonitor, known: Known) -> FeatureMonitorCreated:
    object_name(wish.name, "feature monitor")
    check_window(wish.detection)
    check_comparison(wish.comparison, wish.reference)
    if wish.schedule is not None:
        check_schedule(wish.schedule, known.now)
    types = _types(wish, known)
    return FeatureMonitorCreated(
        name=wish.name,
        description=wish.description,
        watched=wish.watched,
        features=chosen(wish.features, wish.comparison, types),
        detection=wish.detection,
        reference=_reference(wish, known),
        comparison=wish.comparison,
        schedule=wish.schedule,
        exact=wish.exact,
        since=known.now,
    )


def _reference(wish: CreateFeatureMonitor, known: Known) -> Reference | None:
    """The reference, if it is one for what is watched; raises Invalid, NotFound."""
    reference = wish.reference
    if reference is None:
        return None
    if (reference.window is None) == (reference.training_dataset is None):
        raise Invalid("no-reference", "a reference is a window or a training dataset")
    if reference.window is not None:
        check_window(reference.window)
    elif wish.watched.kind is Watchable.FEATURE_GROUP:
        raise Invalid("no-reference", "training datasets are of feature views: make a monitor of the view")
    else:
        view, number = f"{wish.watched.name}.{wish.watched.version}", reference.training_dataset
        datasets = known.state(TrainingDatasets, wish.project, view)
        if datasets is None or datasets.versions.get(str(number)) not in {"requested", *MADE}:
            raise NotFound("training dataset", f"{wish.watched}, dataset {number}")
    return reference


def _types(wish: CreateFeatureMonitor, known: Known) -> Mapping[str, str | None]:
    """What may be compared: name → type; of a view, whose types are of its groups, None."""
    watched = wish.watched
    if watched.kind is Watchable.FEATURE_VIEW:
        view = known.state(FeatureView, wish.project, watched.name)
        if view is None or not view.live(watched.version):
            raise NotFound("feature view", f"{watched.name} version {watched.version}")
        return dict.fromkeys(view.versions[str(watched.version)])
    group = known.state(FeatureGroup, wish.project, watched.name)
    found = group.version(watched.version) if group is not None else None
    if found is None:
        raise NotFound("feature group", f"{watched.name} version {watched.version}")
    must_be_ours(group, watched.name, watched.version, "windows are of rows that the log took")
    apart = () if wish.features else (*found.primary_key, found.event_time)
    return {name: kind for name, kind in found.types.items() if name not in apart}


def _there(state: FeatureMonitor | None, name: str) -> FeatureMonitor:
    if state is None or state.deleted:
        raise NotFound("feature monitor", name)
    return state


def _run(monitor: FeatureMonitor, name: str, at: Micros, *, scheduled: bool) -> FeatureMonitorRunRequested:
    if len(monitor.waiting) >= MOST_OPEN:
        raise Conflict(
            "too-many-runs", f"{MOST_OPEN} runs of feature monitor {name!r} wait: ask again when they are made"
        )
    return FeatureMonitorRunRequested(name=name, number=monitor.runs + 1, at=at, scheduled=scheduled)


def _recorded(monitor: FeatureMonitor, wish: RecordFeatureMonitoring, known: Known) -> list[Event]:
    """What came of the run, and what becomes of the alert."""
    at = monitor.waiting.get(str(wish.number))
    if at is None:
        raise Conflict("not-requested", f"run {wish.number} of feature monitor {wish.name!r} is not waited for")
    results = checked(wish.results, monitor.features)
    shifted = shifted_features(results, monitor.comparison)
    if is_sensitive(wish.project, known):
        results = without_values(results, monitor.comparison)
    of_value = monitor.comparison.specific_value is not None
    found = FeatureMonitorEvaluated(
        name=wish.name,
        number=wish.number,
        monitoring_time=at,
        shift_detected=bool(shifted),
        shifted_features=shifted,
        empty_detection_window=wish.detection is None or wish.detection.rows == 0,
        empty_reference_window=not of_value and (wish.reference is None or wish.reference.rows == 0),
        detection=wish.detection,
        reference=wish.reference,
        results=results,
        raised_exception=wish.reason,
    )
    compared = {one.feature: one.difference for one in results if one.difference is not None}
    of: Mapping[str, Any] = {"name": wish.name, "number": wish.number, "monitoring_time": at}
    if shifted and not monitor.alert:
        return [found, FeatureMonitorAlertOpened(**of, features=shifted, observed=max(compared.values()))]
    if monitor.alert and not shifted and compared.keys() >= set(monitor.alert):
        return [found, FeatureMonitorAlertResolved(**of, observed=max(compared.values()))]
    return [found]


def evolve(state: FeatureMonitor | None, fact: Event) -> FeatureMonitor:
    """Fold one event."""
    match fact:
        case FeatureMonitorCreated():
            return FeatureMonitor(
                watched=fact.watched,
                features=fact.features,
                comparison=fact.comparison,
                schedule=fact.schedule,
                since=fact.since,
                waiting={},
            )
        case _ if state is None:
            raise unknown(fact)
        case FeatureMonitorSwitched(enabled=enabled, since=since):
            return replace(state, enabled=enabled, since=since)
        case FeatureMonitorDeleted():
            return replace(state, deleted=True, waiting={})
        case FeatureMonitorRunRequested(number=number, at=at, scheduled=scheduled):
            due = max(state.due, at) if scheduled else state.due
            return replace(state, runs=number, waiting={**state.waiting, str(number): at}, due=due)
        case FeatureMonitorEvaluated(number=number):
            left = {other: at for other, at in state.waiting.items() if other != str(number)}
            return replace(state, waiting=left)
        case FeatureMonitorAlertOpened(features=features):
            return replace(state, alert=features)
        case FeatureMonitorAlertResolved():
            return replace(state, alert=())
        case _:
            raise unknown(fact)


aggregate("feature_monitor", FeatureMonitor, decide=decide, evolve=evolve)
