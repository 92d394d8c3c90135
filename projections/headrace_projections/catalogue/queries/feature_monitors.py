"""Feature monitors and their runs."""

from datetime import datetime

from headrace_events.feature_monitor_config import Comparison, Reference, Schedule, TimeWindow
from headrace_events.feature_monitor_result import FeatureDrift, WindowRead
from headrace_events.language import value
from headrace_projections.catalogue.queries.rows import Pool, all_of


@value
class FeatureMonitorRow:
    """A monitor of a version of a feature group or a feature view (`kind`)."""

    name: str
    description: str
    kind: str
    watched: str
    watched_version: int
    features: tuple[str, ...]
    detection: TimeWindow
    reference: Reference | None = None
    comparison: Comparison
    schedule: Schedule | None = None
    exact: bool
    enabled: bool
    alert_open: bool
    created_by: str
    created_time: datetime


@value
class RunRow:
    """A run; what follows `phase` is known once it is `evaluated`."""

    number: int
    monitoring_time: datetime
    scheduled: bool
    phase: str
    shift_detected: bool
    shifted_features: tuple[str, ...] | None = None
    empty_detection_window: bool | None = None
    empty_reference_window: bool | None = None
    detection: WindowRead | None = None
    reference: WindowRead | None = None
    results: tuple[FeatureDrift, ...] | None = None
    raised_exception: str | None = None
    requested_by: str
    requested_time: datetime
    evaluated_time: datetime | None = None


async def feature_monitors(
    pool: Pool,
    project: str,
    *,
    name: str | None = None,
    kind: str | None = None,
    watched: str | None = None,
    version: int | None = None,
) -> list[FeatureMonitorRow]:
    """The project's monitors: all, one, or those of a version of a group or view."""
    query = """
        SELECT * FROM catalogue.feature_monitors
        WHERE project = %(project)s AND (%(name)s::text IS NULL OR name = %(name)s)
          AND (%(kind)s::text IS NULL OR kind = %(kind)s) AND (%(watched)s::text IS NULL OR watched = %(watched)s)
          AND (%(version)s::bigint IS NULL OR watched_version = %(version)s)
        ORDER BY name"""
    asked = {"project": project, "name": name, "kind": kind, "watched": watched, "version": version}
    return await all_of(pool, FeatureMonitorRow, query, **asked)


async def runs(
    pool: Pool,
    project: str,
    name: str,
    *,
    limit: int,
    number: int | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[RunRow]:
    """The last runs of a monitor, of monitoring times between two (both inclusive), the newest first."""
    query = """
        SELECT * FROM catalogue.feature_monitor_runs
        WHERE project = %(project)s AND name = %(name)s AND (%(number)s::bigint IS NULL OR number = %(number)s)
          AND (%(start)s::timestamptz IS NULL OR monitoring_time >= %(start)s)
          AND (%(end)s::timestamptz IS NULL OR monitoring_time <= %(end)s)
        ORDER BY monitoring_time DESC, number DESC LIMIT %(limit)s"""
    asked = {"project": project, "name": name, "number": number, "start": start, "end": end, "limit": limit}
    return await all_of(pool, RunRow, query, **asked)
