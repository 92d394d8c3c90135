"""Monitors, their rules and alerts."""

from datetime import datetime

from headrace_events.language import value
from headrace_projections.catalogue.queries.rows import Pool, all_of


@value
class MonitorRow:
    """A deployment's monitor."""

    deployment: str
    window_seconds: int
    bins: int
    created_by: str
    created_time: datetime


@value
class AlertRuleRow:
    """A rule; `open` says whether its alert is open now. An empty `feature` is the whole deployment."""

    deployment: str
    rule: str
    metric: str
    feature: str
    open_at: float
    resolve_at: float
    windows: int
    cool_down_seconds: int
    open: bool
    added_by: str
    added_time: datetime


@value
class AlertRow:
    """An alert from its opening to its resolution; window starts are microseconds UTC.

    It is of a rule of a deployment's monitor, or (these two are empty) of a feature monitor, whose windows start here
    at the time of the run.
    """

    deployment: str
    rule: str
    monitor: str = ""
    opened_time: datetime
    window_start: int
    observed: float
    resolved_time: datetime | None = None
    resolved_window_start: int | None = None
    resolved_observed: float | None = None
    open: bool


async def monitors(pool: Pool, project: str, deployment: str | None = None) -> list[MonitorRow]:
    """The project's monitors, or that of one deployment."""
    query = """
        SELECT * FROM catalogue.monitors
        WHERE project = %(project)s AND (%(deployment)s::text IS NULL OR deployment = %(deployment)s)
        ORDER BY deployment"""
    return await all_of(pool, MonitorRow, query, project=project, deployment=deployment)


async def alert_rules(pool: Pool, project: str, deployment: str) -> list[AlertRuleRow]:
    """The rules of a deployment's monitor."""
    query = """
        SELECT * FROM catalogue.alert_rules
        WHERE project = %(project)s AND deployment = %(deployment)s ORDER BY rule"""
    return await all_of(pool, AlertRuleRow, query, project=project, deployment=deployment)


async def alerts(
    pool: Pool, project: str, deployment: str | None = None, *, monitor: str | None = None
) -> list[AlertRow]:
    """The project's alerts, or those of one deployment or one feature monitor, the last opened first."""
    query = """
        SELECT * FROM catalogue.alerts
        WHERE project = %(project)s AND (%(deployment)s::text IS NULL OR deployment = %(deployment)s)
          AND (%(monitor)s::text IS NULL OR monitor = %(monitor)s)
        ORDER BY opened_seq DESC"""
    return await all_of(pool, AlertRow, query, project=project, deployment=deployment, monitor=monitor)
