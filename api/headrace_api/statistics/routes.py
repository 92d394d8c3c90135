"""Statistics of feature groups, counted while rows come."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query

from headrace_api.errors import Missing, Unprocessable
from headrace_api.feature_groups.models import NewStatistics
from headrace_api.reading import ProjectPath, ReadingData
from headrace_api.sending import Accepted, Sending
from headrace_api.statistics.models import ComputedStatistics, Computing, Counted, counted, told
from headrace_api.time_travel.moments import moments, told_of_history
from headrace_api.time_travel.routes import offline_group
from headrace_api.versions import Version
from headrace_events.feature_statistics import ConfigureStatistics
from headrace_projections.rows.groups import Group
from headrace_projections.statistics.computed import Computed, computed
from headrace_projections.statistics.queries import Span, whole, windows
from headrace_projections.statistics.window import Window

MOST_WINDOWS = 100
MOST_AT_ONCE = 5_000
"""Of how many features, times windows, one answer tells."""

_ONE = CapacityLimiter(1)
"""One computation at a time: each takes a processor, and memory for sorting."""

router = APIRouter(
    prefix="/api/projects/{project}/feature-groups/{name}/versions/{version}/statistics", tags=["statistics"]
)

Features = Annotated[list[str] | None, Query(description="of these only; without any, of all that are counted")]
Since = Annotated[
    datetime | None, Query(description="ISO 8601, UTC without a zone: commits whose last record came after it")
]
Until = Annotated[datetime | None, Query(description="ISO 8601: commits whose last record came by then")]
Limit = Annotated[int, Query(ge=1, le=MOST_WINDOWS, description="how many of the last ones")]


@router.get("", summary="Show the statistics of a feature group")
async def get_statistics(
    name: str,
    version: Version,
    reading: ReadingData,
    *,
    features: Features = None,
    since: Since = None,
    until: Until = None,
) -> Counted:
    """What was counted of all records, or of those of the commits between two times, together.

    It is counted as the offline store takes rows. `starts` and `ends` say of which positions it is: of what happened
    long ago, many commits are told as one. Raises `statistics-not-found` while nothing is counted.
    """
    found = await offline_group(name, version, reading)
    span = Span(since=_in_utc(since), until=_in_utc(until))
    window = await whole(reading.context.pool, found.group, _wanted(found.group, features), span)
    if window is None:
        raise Missing("statistics", f"{name} version {version} in that time")
    return await run_sync(_shown, found.group, window, features)


@router.get("/windows", summary="List the statistics of a feature group, commit by commit")
async def list_statistics(
    name: str,
    version: Version,
    reading: ReadingData,
    *,
    features: Features = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 20,
) -> list[Counted]:
    """What was counted of each of the last commits, the newest first; of long ago, of many commits together."""
    found = await offline_group(name, version, reading)
    span = Span(since=_in_utc(since), until=_in_utc(until), limit=limit)
    wanted = _wanted(found.group, features)
    if len(wanted) * limit > MOST_AT_ONCE:
        raise Unprocessable(
            "too-many-statistics",
            f"{len(wanted)} features of {limit} commits are more than {MOST_AT_ONCE}: name features, or fewer commits",
        )
    each = await windows(reading.context.pool, found.group, wanted, span)
    return await run_sync(lambda: [_shown(found.group, window, features) for window in reversed(each)])


@router.post("/computed", summary="Compute the statistics of a feature group at a moment")
async def compute_statistics(name: str, version: Version, body: Computing, reading: ReadingData) -> ComputedStatistics:
    """Count the last row of each key that was there then, or is now, from the offline table; of large groups, minutes.

    Raises `statistics-disabled` where the group counts nothing.
    """
    found = await offline_group(name, version, reading)
    group, storage = found.group, reading.context.settings.storage
    if not group.statistics.enabled:
        raise Unprocessable("statistics-disabled", f"{name!r} counts nothing: update_statistics_config enables it")
    names = _wanted(group, body.features)
    exactly = group.statistics.exact_uniqueness if body.exact_uniqueness is None else body.exact_uniqueness

    def count() -> Computed:
        moment = moments(storage, found, [body.as_of])[0] if body.as_of is not None else None
        return computed(storage, group, names, moment, exactly=exactly)

    with told_of_history():
        return told(group, await run_sync(count, limiter=_ONE))


@router.put("/config", status_code=202, summary="Say what is counted of a feature group")
async def configure_statistics(
    project: ProjectPath, name: str, version: Version, body: NewStatistics, sending: Sending
) -> Accepted:
    """Count this from now on, and of all rows that are there already; for Data Owners."""
    wish = ConfigureStatistics(project=project, name=name, version=version, statistics=body.config())
    return await sending.send(wish, f"/api/projects/{project}/feature-groups/{name}/versions/{version}")


def _wanted(group: Group, features: Sequence[str] | None) -> list[str]:
    there = group.counted
    unknown = [name for name in features or () if name not in there]
    if unknown:
        raise Unprocessable(
            "not-counted",
            f"there are no statistics of {', '.join(map(repr, unknown[:5]))}: the group counts others, or has none of"
            " that name",
            {"feature": unknown[0]},
        )
    return list(there if features is None else features)


def _shown(group: Group, window: Window, features: Sequence[str] | None) -> Counted:
    order = list(group.counted if features is None else features)
    window.features = {name: window.features[name] for name in order if name in window.features}
    return counted(group, window)


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
