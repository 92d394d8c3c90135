"""What changed in a feature group between two moments, and the commits of its offline store."""

from collections.abc import Iterator
from itertools import chain
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from headrace_api.errors import Missing
from headrace_api.kinds import of_kind
from headrace_api.reading import Reader, Reading, ReadingData
from headrace_api.time_travel.moments import GivenMoment, moments, now_like, told_of_history
from headrace_api.versions import Version
from headrace_projections.history.changes import changed_rows
from headrace_projections.history.commits import Commit, commits
from headrace_projections.history.moment import check_order
from headrace_projections.rows.catalogued import CataloguedGroup, group_of

ARROW = "application/vnd.apache.arrow.stream"
MOST_COMMITS = 1_000

router = APIRouter(prefix="/api/projects/{project}/feature-groups/{name}/versions/{version}", tags=["rows"])

Limit = Annotated[int, Query(ge=1, le=MOST_COMMITS, description="how many of the last ones")]


@router.get(
    "/changes",
    summary="Read what changed in a feature group",
    response_class=StreamingResponse,
    responses=of_kind(ARROW),
)
async def read_changes(
    name: str, version: Version, reading: ReadingData, start: GivenMoment, end: GivenMoment | None = None
) -> StreamingResponse:
    """The rows that are other ones at the end (now, if none is given) than at the start, in the order of the log.

    `_operation` is insert, update or delete. A row is what a key has at an event time. An Arrow IPC stream.
    """
    found = await offline_group(name, version, reading)
    storage = reading.context.settings.storage

    def open_stream() -> Iterator[bytes]:
        first, *rest = moments(storage, found, [start] if end is None else [start, end])
        last = rest[0] if rest else now_like(storage, found.group, first)
        check_order(first, last)
        return begun(changed_rows(storage, found.group, first, last))

    with told_of_history():
        return StreamingResponse(await run_sync(open_stream), media_type=ARROW)


@router.get("/commits", summary="List the commits of a feature group's offline store")
async def list_commits(name: str, version: Version, reading: Reading, limit: Limit = 100) -> list[Commit]:
    """The last ones, the newest first: when, up to which positions, and how many rows each changed."""
    found = await offline_group(name, version, reading)
    with told_of_history():
        return await run_sync(commits, reading.context.settings.storage, found.group, limit)


async def offline_group(name: str, version: int, reading: Reader) -> CataloguedGroup:
    """The version of a group that keeps its history; raises Missing."""
    found = await group_of(reading.context.pool, reading.project, name, version)
    if found is None:
        raise Missing("feature group", f"{name} version {version}")
    if not found.group.offline:
        raise Missing("offline feature group", f"{name} version {version}")
    return found


def begun(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The same parts, the first of them made, so that what cannot be read at all is no success that breaks off."""
    return chain([next(parts, b"")], parts)
