"""Feature monitors, their runs, and their alerts, which stand among those of deployments."""

from headrace_events.envelope import Recorded
from headrace_events.feature_monitor_words import (
    FeatureMonitorAlertOpened,
    FeatureMonitorAlertResolved,
    FeatureMonitorCreated,
    FeatureMonitorDeleted,
    FeatureMonitorEvaluated,
    FeatureMonitorRunRequested,
    FeatureMonitorSwitched,
)
from headrace_projections.catalogue.apply.handlers import authored, number, on, project_of, record, records, stamped
from headrace_projections.changes import Append, Change, Delete, Forget, Update, Upsert, Values, moment


def _monitor(name: str, at: Recorded) -> Values:
    return {"project": project_of(at), "name": name}


@on(FeatureMonitorCreated)
def list_feature_monitor(event: FeatureMonitorCreated, at: Recorded) -> list[Change]:
    """Show the monitor, which is enabled."""
    row = {
        "description": event.description,
        "kind": event.watched.kind.value,
        "watched": event.watched.name,
        "watched_version": event.watched.version,
        "features": list(event.features),
        "detection": record(event.detection),
        "reference": record(event.reference),
        "comparison": record(event.comparison),
        "schedule": record(event.schedule),
        "exact": event.exact,
        **authored("created", at),
    }
    return [Upsert("feature_monitors", _monitor(event.name, at), row)]


@on(FeatureMonitorSwitched)
def switch_feature_monitor(event: FeatureMonitorSwitched, at: Recorded) -> list[Change]:
    """Show whether its schedule runs it."""
    return [Update("feature_monitors", _monitor(event.name, at), {"enabled": event.enabled})]


@on(FeatureMonitorDeleted)
def delete_feature_monitor(event: FeatureMonitorDeleted, at: Recorded) -> list[Change]:
    """Show neither the monitor nor its runs and alerts any more."""
    key = _monitor(event.name, at)
    alerts = Forget("alert_timeline", {"project": project_of(at), "monitor": event.name})
    return [Delete("feature_monitors", key), Forget("feature_monitor_runs", key), alerts]


@on(FeatureMonitorRunRequested)
def list_run(event: FeatureMonitorRunRequested, at: Recorded) -> list[Change]:
    """Show the run that is to be made."""
    row = {
        "monitoring_time": moment(event.at),
        "scheduled": event.scheduled,
        "phase": "requested",
        **authored("requested", at),
    }
    return [Upsert("feature_monitor_runs", {**_monitor(event.name, at), "number": event.number}, row)]


@on(FeatureMonitorEvaluated)
def show_run(event: FeatureMonitorEvaluated, at: Recorded) -> list[Change]:
    """Show what came of the run."""
    row = {
        "phase": "evaluated",
        "shift_detected": event.shift_detected,
        "shifted_features": list(event.shifted_features),
        "empty_detection_window": event.empty_detection_window,
        "empty_reference_window": event.empty_reference_window,
        "detection": record(event.detection),
        "reference": record(event.reference),
        "results": records(event.results),
        "raised_exception": event.raised_exception,
        **stamped("evaluated", at),
    }
    return [Update("feature_monitor_runs", {**_monitor(event.name, at), "number": event.number}, row)]


def _turn(event: FeatureMonitorAlertOpened | FeatureMonitorAlertResolved, what: str, at: Recorded) -> list[Change]:
    line = {
        "project": project_of(at),
        "seq": at.seq,
        "deployment": "",
        "rule": "",
        "monitor": event.name,
        "what": what,
        "window_start": event.monitoring_time,
        "observed": number(event.observed),
        "time": moment(at.time),
    }
    opened = Update("feature_monitors", _monitor(event.name, at), {"alert_open": what == "opened"})
    return [opened, Append("alert_timeline", line)]


@on(FeatureMonitorAlertOpened)
def open_feature_alert(event: FeatureMonitorAlertOpened, at: Recorded) -> list[Change]:
    """Show the monitor's alert as open."""
    return _turn(event, "opened", at)


@on(FeatureMonitorAlertResolved)
def resolve_feature_alert(event: FeatureMonitorAlertResolved, at: Recorded) -> list[Change]:
    """Show the monitor's alert as closed."""
    return _turn(event, "resolved", at)
