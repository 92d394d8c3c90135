"""Feature monitors: what they compare, when they run, what came of it, and their alerts."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from headrace_api.errors import Missing
from headrace_api.feature_monitors.models import NewFeatureMonitor, Switch, without_statistics
from headrace_api.reading import ProjectPath, Reader, Reading, ReadingData
from headrace_api.sending import Accepted, Sending
from headrace_events.feature_monitor_config import Watchable
from headrace_events.feature_monitor_words import (
    CreateFeatureMonitor,
    DeleteFeatureMonitor,
    RunFeatureMonitor,
    SwitchFeatureMonitor,
)
from headrace_projections.catalogue.queries import feature_monitors as queries
from headrace_projections.catalogue.queries import monitors
from headrace_projections.catalogue.queries.feature_monitors import FeatureMonitorRow, RunRow
from headrace_projections.catalogue.queries.monitors import AlertRow

MOST_RUNS = 1_000

router = APIRouter(prefix="/api/projects/{project}/feature-monitors", tags=["feature monitors"])

Kind = Annotated[Watchable | None, Query(description="only those of feature groups, or of feature views")]
WatchedName = Annotated[str | None, Query(description="only those of the group or view of that name")]
WatchedVersion = Annotated[int | None, Query(ge=1, le=2**31, description="only those of that version")]
Number = Annotated[int, Path(ge=1, le=2**62, description="a run, from 1")]
Limit = Annotated[int, Query(ge=1, le=MOST_RUNS, description="how many of the last ones")]
Start = Annotated[datetime | None, Query(description="ISO 8601, UTC without a zone: monitoring times from then on")]
End = Annotated[datetime | None, Query(description="ISO 8601: monitoring times until then")]
WithStatistics = Annotated[bool, Query(description="with the bins that distances were computed from")]


@router.post("", status_code=201, summary="Create a feature monitor")
async def create_feature_monitor(project: ProjectPath, body: NewFeatureMonitor, sending: Sending) -> Accepted:
    """Compare windows of features with others, on schedule or when asked; for Data Owners.

    Windows of a feature group are of the time when the log took rows, those of a view of event time.
    """
    return await sending.send(body.command(CreateFeatureMonitor, project=project))


@router.get("", summary="List feature monitors")
async def list_feature_monitors(
    reading: Reading, kind: Kind = None, watched: WatchedName = None, version: WatchedVersion = None
) -> list[FeatureMonitorRow]:
    """All monitors, or those of a group or view, by name."""
    return await queries.feature_monitors(
        reading.context.pool,
        reading.project,
        kind=None if kind is None else kind.value,
        watched=watched,
        version=version,
    )


@router.get("/{monitor}", summary="Show a feature monitor")
async def get_feature_monitor(monitor: str, reading: Reading) -> FeatureMonitorRow:
    """What it compares, when it runs, and whether its alert is open."""
    return await _found(reading, monitor)


@router.patch("/{monitor}", summary="Enable or disable a feature monitor")
async def switch_feature_monitor(project: ProjectPath, monitor: str, body: Switch, sending: Sending) -> Accepted:
    """Let its schedule run it, or not; for Data Owners. What was missed while it was disabled is not run later."""
    return await sending.send(body.command(SwitchFeatureMonitor, project=project, name=monitor))


@router.delete("/{monitor}", summary="Delete a feature monitor")
async def delete_feature_monitor(project: ProjectPath, monitor: str, sending: Sending) -> Accepted:
    """Take it away with its runs; for Data Owners. Its name is never used again."""
    return await sending.send(DeleteFeatureMonitor(project=project, name=monitor))


@router.post("/{monitor}/runs", status_code=201, summary="Run a feature monitor")
async def run_feature_monitor(project: ProjectPath, monitor: str, sending: Sending) -> Accepted:
    """Compare now; read the run until its phase is `evaluated`. The event says its number."""
    return await sending.send(RunFeatureMonitor(project=project, name=monitor))


@router.get("/{monitor}/runs", summary="List the runs of a feature monitor")
async def list_runs(
    monitor: str,
    reading: ReadingData,
    *,
    start: Start = None,
    end: End = None,
    limit: Limit = 100,
    with_statistics: WithStatistics = False,
) -> list[RunRow]:
    """The last runs between two monitoring times, the newest first."""
    await _found(reading, monitor)
    found = await queries.runs(
        reading.context.pool, reading.project, monitor, limit=limit, start=_in_utc(start), end=_in_utc(end)
    )
    return found if with_statistics else [without_statistics(run) for run in found]


@router.get("/{monitor}/runs/{number}", summary="Show a run of a feature monitor")
async def get_run(monitor: str, number: Number, reading: ReadingData) -> RunRow:
    """A run, with the bins that its distances were computed from."""
    await _found(reading, monitor)
    found = await queries.runs(reading.context.pool, reading.project, monitor, limit=1, number=number)
    if not found:
        raise Missing("run", f"{number} of {monitor}")
    return found[0]


@router.get("/{monitor}/alerts", summary="List the alerts of a feature monitor")
async def list_feature_alerts(monitor: str, reading: Reading) -> list[AlertRow]:
    """Alerts of the monitor, open and resolved, the last opened first."""
    await _found(reading, monitor)
    return await monitors.alerts(reading.context.pool, reading.project, monitor=monitor)


async def _found(reading: Reader, monitor: str) -> FeatureMonitorRow:
    found = await queries.feature_monitors(reading.context.pool, reading.project, name=monitor)
    if not found:
        raise Missing("feature monitor", monitor)
    return found[0]


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
