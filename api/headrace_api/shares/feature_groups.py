"""Feature groups that other projects share with this one: read like one's own, and nothing else."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import StreamingResponse

from headrace_api.context import Pool
from headrace_api.errors import Missing
from headrace_api.kinds import of_kind
from headrace_api.progress import routes as rows
from headrace_api.reading import ProjectPath, Reader, Reading, ReadingData
from headrace_api.statistics import routes as statistics
from headrace_api.statistics.models import ComputedStatistics, Computing, Counted
from headrace_api.time_travel import routes as time_travel
from headrace_api.time_travel.moments import GivenMoment
from headrace_api.vectors import routes as vectors
from headrace_api.vectors.access import Online
from headrace_api.vectors.arrow import MEDIA_TYPE, WantsArrow
from headrace_api.vectors.models import Keys
from headrace_api.versions import Version
from headrace_projections.catalogue.queries import feature_groups as queries
from headrace_projections.catalogue.queries.feature_groups import FeatureGroupRow
from headrace_projections.history.commits import Commit
from headrace_projections.rows.progress import RowProgress

router = APIRouter(prefix="/api/projects/{project}/shared/{sharing}/feature-groups", tags=["shared feature groups"])

SharingPath = Annotated[str, Path(description="the project that shares", max_length=200)]


@router.get("", summary="List what is shared")
async def list_shared_groups(sharing: SharingPath, reading: Reading) -> list[FeatureGroupRow]:
    """All versions that the project shares with this one, by name, the newest first."""
    return await queries.feature_groups(reading.context.pool, sharing, receiver=reading.project)


@router.get("/{name}", summary="List the shared versions of a feature group")
async def get_shared_group(sharing: SharingPath, name: str, reading: Reading) -> list[FeatureGroupRow]:
    """Those of its versions that are shared, the newest first."""
    return await _shared(reading.context.pool, reading.project, sharing, name)


@router.get("/{name}/versions/{version}", summary="Show a shared version of a feature group")
async def get_shared_group_version(
    sharing: SharingPath, name: str, version: Version, reading: Reading
) -> FeatureGroupRow:
    """The version with its columns, topic and schema."""
    (found,) = await _shared(reading.context.pool, reading.project, sharing, name, version)
    return found


@router.get("/{name}/versions/{version}/progress", summary="Show how far a shared group's stores are")
async def get_shared_progress(sharing: SharingPath, name: str, version: Version, reading: Reading) -> RowProgress:
    """As for one's own groups."""
    return await rows.get_progress(name, version, await _there(reading, sharing, name, version))


@router.get(
    "/{name}/versions/{version}/rows",
    summary="Read a shared group's rows",
    response_class=StreamingResponse,
    responses=of_kind(time_travel.ARROW),
)
async def read_shared_rows(  # noqa: PLR0917 - FastAPI passes all of them by name
    sharing: SharingPath,
    name: str,
    version: Version,
    reading: ReadingData,
    history: bool = False,
    as_of: GivenMoment | None = None,
) -> StreamingResponse:
    """The last row of every key from the offline store; with `history`, every row and delete. An Arrow IPC stream."""
    there = await _there(reading, sharing, name, version)
    return await rows.read_rows(name, version, there, history=history, as_of=as_of)


@router.get(
    "/{name}/versions/{version}/changes",
    summary="Read what changed in a shared group",
    response_class=StreamingResponse,
    responses=of_kind(time_travel.ARROW),
)
async def read_shared_changes(  # noqa: PLR0917 - FastAPI passes all of them by name
    sharing: SharingPath,
    name: str,
    version: Version,
    reading: ReadingData,
    start: GivenMoment,
    end: GivenMoment | None = None,
) -> StreamingResponse:
    """As for one's own groups."""
    return await time_travel.read_changes(name, version, await _there(reading, sharing, name, version), start, end)


@router.get("/{name}/versions/{version}/commits", summary="List the commits of a shared group's offline store")
async def list_shared_commits(
    sharing: SharingPath, name: str, version: Version, reading: Reading, limit: time_travel.Limit = 100
) -> list[Commit]:
    """As for one's own groups."""
    return await time_travel.list_commits(name, version, await _there(reading, sharing, name, version), limit)


@router.get("/{name}/versions/{version}/statistics", summary="Show the statistics of a shared group")
async def get_shared_statistics(  # noqa: PLR0917 - FastAPI passes all of them by name
    sharing: SharingPath,
    name: str,
    version: Version,
    reading: ReadingData,
    features: statistics.Features = None,
    since: statistics.Since = None,
    until: statistics.Until = None,
) -> Counted:
    """As for one's own groups."""
    there = await _there(reading, sharing, name, version)
    return await statistics.get_statistics(name, version, there, features=features, since=since, until=until)


@router.get("/{name}/versions/{version}/statistics/windows", summary="List the statistics of a shared group")
async def list_shared_statistics(  # noqa: PLR0917 - FastAPI passes all of them by name
    sharing: SharingPath,
    name: str,
    version: Version,
    reading: ReadingData,
    features: statistics.Features = None,
    since: statistics.Since = None,
    until: statistics.Until = None,
    limit: statistics.Limit = 20,
) -> list[Counted]:
    """As for one's own groups."""
    there = await _there(reading, sharing, name, version)
    return await statistics.list_statistics(
        name, version, there, features=features, since=since, until=until, limit=limit
    )


@router.post("/{name}/versions/{version}/statistics/computed", summary="Compute the statistics of a shared group")
async def compute_shared_statistics(
    sharing: SharingPath, name: str, version: Version, body: Computing, reading: ReadingData
) -> ComputedStatistics:
    """As for one's own groups."""
    return await statistics.compute_statistics(name, version, body, await _there(reading, sharing, name, version))


@router.post(
    "/{name}/versions/{version}/vectors",
    summary="Read feature vectors of a shared group",
    responses=of_kind(MEDIA_TYPE),
)
async def read_shared_vectors(  # noqa: PLR0917 - FastAPI passes all of them by name
    project: ProjectPath,
    sharing: SharingPath,
    name: str,
    version: Version,
    body: Keys,
    online: Online,
    arrow: WantsArrow,
) -> Response:
    """For each key, in order: `status`, the `values` by column, the `event_time`, as for one's own groups."""
    await _shared(online.context.pool, project, sharing, name, version)
    return await vectors.read_group_vectors(sharing, name, version, body, online, arrow)


async def _there(reading: Reader, sharing: str, name: str, version: int) -> Reader:
    """The caller as a reader of the project that shares the version with theirs; raises Missing."""
    await _shared(reading.context.pool, reading.project, sharing, name, version)
    return replace(reading, project=sharing)


async def _shared(
    pool: Pool, receiver: str, sharing: str, name: str, version: int | None = None
) -> list[FeatureGroupRow]:
    """The versions of a group that are shared with the receiver; raises Missing where there is none."""
    found = await queries.feature_groups(pool, sharing, name, version, receiver=receiver)
    if not found:
        raise Missing("shared feature group", f"{sharing}:{name}" + (f" version {version}" if version else ""))
    return found
