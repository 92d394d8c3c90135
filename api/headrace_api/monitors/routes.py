"""Monitors of deployments, alert rules and alerts."""

from fastapi import APIRouter

from headrace_api.errors import Missing
from headrace_api.monitors.models import MonitorWithRules, NewAlertRule, NewMonitor
from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import Accepted, Sending
from headrace_events.monitor import AddAlertRule, CreateMonitor
from headrace_projections.catalogue.queries import monitors as queries
from headrace_projections.catalogue.queries.monitors import AlertRow, MonitorRow

router = APIRouter(prefix="/api/projects/{project}", tags=["monitors"])


@router.post("/monitors", status_code=201, summary="Create a monitor")
async def create_monitor(project: ProjectPath, body: NewMonitor, sending: Sending) -> Accepted:
    """Watch a deployment in windows of event time, the past ones too; for Data Owners."""
    return await sending.send(body.command(CreateMonitor, project=project))


@router.get("/monitors", summary="List monitors")
async def list_monitors(reading: Reading) -> list[MonitorRow]:
    """All monitors, by deployment."""
    return await queries.monitors(reading.context.pool, reading.project)


@router.get("/monitors/{deployment}", summary="Show a monitor")
async def get_monitor(deployment: str, reading: Reading) -> MonitorWithRules:
    """The monitor of a deployment with its rules and alerts."""
    pool, project = reading.context.pool, reading.project
    found = await queries.monitors(pool, project, deployment)
    if not found:
        raise Missing("monitor", deployment)
    return MonitorWithRules(
        monitor=found[0],
        rules=await queries.alert_rules(pool, project, deployment),
        alerts=await queries.alerts(pool, project, deployment),
    )


@router.post("/monitors/{deployment}/rules", status_code=201, summary="Add an alert rule")
async def add_alert_rule(project: ProjectPath, deployment: str, body: NewAlertRule, sending: Sending) -> Accepted:
    """Open an alert when a metric is high for some windows; for Data Owners."""
    return await sending.send(body.command(AddAlertRule, project=project, deployment=deployment))


@router.get("/alerts", summary="List alerts")
async def list_alerts(reading: Reading) -> list[AlertRow]:
    """All alerts of the project, open and resolved, the last opened first."""
    return await queries.alerts(reading.context.pool, reading.project)
