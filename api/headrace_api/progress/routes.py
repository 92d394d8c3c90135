"""Progress and rows of feature groups."""

from collections.abc import Iterator
from typing import Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from headrace_api.errors import Missing
from headrace_api.kinds import of_kind
from headrace_api.reading import Reader, Reading, ReadingData
from headrace_api.time_travel.moments import GivenMoment, moments, told_of_history
from headrace_api.time_travel.routes import ARROW, begun, offline_group
from headrace_api.versions import Version
from headrace_projections.offline.queries import arrow_stream
from headrace_projections.rows.catalogued import group_of
from headrace_projections.rows.groups import Group
from headrace_projections.rows.progress import RowProgress, row_progress

router = APIRouter(prefix="/api/projects/{project}/feature-groups/{name}/versions/{version}", tags=["rows"])


@router.get("/progress", summary="Show how far a feature group's stores are")
async def get_progress(name: str, version: Version, reading: Reading) -> RowProgress:
    """Per partition, the next offsets online and offline: rows before them can be read. And what did not fit."""
    return await row_progress(reading.context.pool, await _group(name, version, reading))


@router.get("/rows", summary="Read a feature group's rows", response_class=StreamingResponse, responses=of_kind(ARROW))
async def read_rows(  # noqa: PLR0917 - FastAPI passes all of them by name
    name: str,
    version: Version,
    reading: ReadingData,
    history: bool = False,
    as_of: GivenMoment | None = None,
    format: Literal["arrow"] = "arrow",  # noqa: A002 - what the parameter of the query is called
) -> StreamingResponse:
    """The last row of every key from the offline store; with `history`, every row and delete. An Arrow IPC stream.

    With `as_of`, only what was there then.
    """
    found = await offline_group(name, version, reading)
    storage = reading.context.settings.storage

    def open_stream() -> Iterator[bytes]:
        moment = moments(storage, found, [as_of])[0] if as_of is not None else None
        return begun(arrow_stream(storage, found.group, history=history, as_of=moment))

    with told_of_history():
        return StreamingResponse(await run_sync(open_stream), media_type=ARROW)


async def _group(name: str, version: int, reading: Reader) -> Group:
    found = await group_of(reading.context.pool, reading.project, name, version)
    if found is None:
        raise Missing("feature group", f"{name} version {version}")
    return found.group
