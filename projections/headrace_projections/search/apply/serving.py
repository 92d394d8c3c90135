"""Models, deployments, and what watches over them."""

from headrace_events.deployment import DeploymentCreated, DeploymentDeleted, DeploymentFailed, DeploymentReady
from headrace_events.model import ModelVersionCreated
from headrace_events.monitor import AlertOpened, AlertResolved, AlertRuleAdded, MonitorCreated
from headrace_projections.lineage.node import deployment, model_version
from headrace_projections.search.document import Document
from headrace_projections.search.telling import Telling, on


@on(ModelVersionCreated)
def model_version_created(told: Telling[ModelVersionCreated]) -> list[Document]:
    """A version of a model, its program and its environment."""
    event = told.event
    made = told.new(
        model_version(event.name, event.version),
        event.name,
        version=event.version,
        description=event.description,
        columns=event.inputs,
        tags=(event.framework,),
        metrics=dict(event.metrics),
        text=tuple(f"{metric} {value}" for metric, value in sorted(event.metrics.items())),
        state="ready",
    )
    return [made, *told.ingredients(event.program, "", event.environment)]


@on(DeploymentCreated)
def deployment_created(told: Telling[DeploymentCreated]) -> list[Document]:
    """A deployment of a model version."""
    event = told.event
    text = (event.model, f"version {event.model_version}")
    return [told.new(deployment(event.name), event.name, text=text, state="starting")]


@on(DeploymentReady)
def deployment_ready(told: Telling[DeploymentReady]) -> list[Document]:
    """It answers."""
    return told.again(deployment(told.event.name), state="ready")


@on(DeploymentFailed)
def deployment_failed(told: Telling[DeploymentFailed]) -> list[Document]:
    """It does not come up."""
    return told.again(deployment(told.event.name), state="failed")


@on(DeploymentDeleted)
def deployment_deleted(told: Telling[DeploymentDeleted]) -> list[Document]:
    """It is gone, and can still be found."""
    return told.again(deployment(told.event.name), state="deleted")


@on(MonitorCreated)
def monitor_created(told: Telling[MonitorCreated]) -> list[Document]:
    """A deployment is watched."""
    event = told.event
    return [
        told.new(f"monitor:{event.deployment}", event.deployment, text=(f"{event.window_seconds} s",), state="ready")
    ]


@on(AlertRuleAdded)
def alert_rule_added(told: Telling[AlertRuleAdded]) -> list[Document]:
    """A rule over one metric of the deployment, or of one feature."""
    event = told.event
    return [
        told.new(
            _rule(event),
            event.rule,
            columns=(event.feature,) if event.feature else (),
            tags=(event.metric,),
            text=(event.deployment,),
            state="closed",
        )
    ]


@on(AlertOpened)
def alert_opened(told: Telling[AlertOpened]) -> list[Document]:
    """Somebody should look."""
    return told.again(_rule(told.event), state="open")


@on(AlertResolved)
def alert_resolved(told: Telling[AlertResolved]) -> list[Document]:
    """The condition has passed."""
    return told.again(_rule(told.event), state="closed")


def _rule(event: AlertRuleAdded | AlertOpened | AlertResolved) -> str:
    return f"alert_rule:{event.deployment}.{event.rule}"
