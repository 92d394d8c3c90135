"""Model versions, deployments, monitors, alert rules and alerts."""

from headrace_events.deployment import DeploymentCreated, DeploymentDeleted, DeploymentFailed, DeploymentReady
from headrace_events.envelope import Recorded
from headrace_events.model import ModelVersionCreated
from headrace_events.monitor import AlertOpened, AlertResolved, AlertRuleAdded, MonitorCreated
from headrace_projections.catalogue.apply.handlers import authored, number, on, project_of, record, stamped
from headrace_projections.changes import Append, Change, Update, Upsert, Values, moment


@on(ModelVersionCreated)
def list_model_version(event: ModelVersionCreated, at: Recorded) -> list[Change]:
    """Show the new version of the model, with all that went into it."""
    row = {
        "description": event.description,
        "framework": event.framework,
        "artifact": event.artifact,
        "metrics": dict(event.metrics),
        "inputs": list(event.inputs),
        "trained_on": record(event.trained_on),
        "study": event.study,
        "trial": event.trial,
        "program": event.program,
        "environment": list(event.environment),
        **authored("created", at),
    }
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    return [Upsert("model_versions", key, row)]


def _deployment(name: str, at: Recorded) -> Values:
    return {"project": project_of(at), "name": name}


@on(DeploymentCreated)
def list_deployment(event: DeploymentCreated, at: Recorded) -> list[Change]:
    """Show the deployment that is being started."""
    row = {
        "model": event.model,
        "model_version": event.model_version,
        "replicas": event.replicas,
        "phase": "created",
        **authored("created", at),
        **stamped("phase", at),
    }
    return [Upsert("deployments", _deployment(event.name, at), row)]


@on(DeploymentReady)
def ready_deployment(event: DeploymentReady, at: Recorded) -> list[Change]:
    """Show that the gateway answers for it."""
    row = {"phase": "ready", "reason": None, **stamped("phase", at)}
    return [Update("deployments", _deployment(event.name, at), row)]


@on(DeploymentFailed)
def fail_deployment(event: DeploymentFailed, at: Recorded) -> list[Change]:
    """Show why it could not be started."""
    row = {"phase": "failed", "reason": event.reason, **stamped("phase", at)}
    return [Update("deployments", _deployment(event.name, at), row)]


@on(DeploymentDeleted)
def delete_deployment(event: DeploymentDeleted, at: Recorded) -> list[Change]:
    """Show it as deleted; its name stays taken, so its row stays."""
    return [Update("deployments", _deployment(event.name, at), {"phase": "deleted", **stamped("phase", at)})]


@on(MonitorCreated)
def list_monitor(event: MonitorCreated, at: Recorded) -> list[Change]:
    """Show the deployment's monitor."""
    row = {"window_seconds": event.window_seconds, "bins": event.bins, **authored("created", at)}
    return [Upsert("monitors", {"project": project_of(at), "deployment": event.deployment}, row)]


def _rule(event: AlertRuleAdded | AlertOpened | AlertResolved, at: Recorded) -> Values:
    return {"project": project_of(at), "deployment": event.deployment, "rule": event.rule}


@on(AlertRuleAdded)
def list_alert_rule(event: AlertRuleAdded, at: Recorded) -> list[Change]:
    """Show the rule, whose alert is closed."""
    row = {
        "metric": event.metric,
        "feature": event.feature,
        "open_at": event.open_at,
        "resolve_at": event.resolve_at,
        "windows": event.windows,
        "cool_down_seconds": event.cool_down_seconds,
        **authored("added", at),
    }
    return [Upsert("alert_rules", _rule(event, at), row)]


def _turn(event: AlertOpened | AlertResolved, what: str, at: Recorded) -> list[Change]:
    line = {
        "project": project_of(at),
        "seq": at.seq,
        "deployment": event.deployment,
        "rule": event.rule,
        "what": what,
        "window_start": event.window_start,
        "observed": number(event.observed),
        "time": moment(at.time),
    }
    return [Update("alert_rules", _rule(event, at), {"open": what == "opened"}), Append("alert_timeline", line)]


@on(AlertOpened)
def open_alert(event: AlertOpened, at: Recorded) -> list[Change]:
    """Show the rule's alert as open."""
    return _turn(event, "opened", at)


@on(AlertResolved)
def resolve_alert(event: AlertResolved, at: Recorded) -> list[Change]:
    """Show the rule's alert as closed."""
    return _turn(event, "resolved", at)
