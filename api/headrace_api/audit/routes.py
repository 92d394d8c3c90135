"""Reading the audit trail: administrators all of it, Data Owners that of their project."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from headrace_api.audit.models import Accepted, AuditPage
from headrace_api.context import Context
from headrace_api.errors import NotAllowed
from headrace_api.kinds import of_kind
from headrace_api.reading import Reader, Reading, WholePlatformReading
from headrace_events.access import Access
from headrace_projections.audit import queries
from headrace_projections.audit.queries import ActRow, Wanted

router = APIRouter(prefix="/api", tags=["audit"])

Cursor = Annotated[int | None, Query(ge=0, le=2**62, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=1000)]
LINES = "application/x-ndjson"


async def _wanted(  # noqa: PLR0917 - FastAPI passes all of them by name
    user: Annotated[str | None, Query(description="who did it", max_length=200)] = None,
    kind: Annotated[str | None, Query(description="of what was done to, as in `feature_group`", max_length=200)] = None,
    outcome: Accepted | None = None,
    command: Annotated[str | None, Query(description="the command's id", max_length=80)] = None,
    since: Annotated[datetime | None, Query(alias="from", description="ISO 8601, UTC without a zone")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="ISO 8601; what was done then is not in")] = None,
) -> Wanted:
    return Wanted(
        actor=None if user is None else user if ":" in user or user == "anonymous" else f"user:{user}",
        kind=kind,
        outcome=outcome,
        command=command,
        since=_in_utc(since),
        until=_in_utc(until),
    )


Filters = Annotated[Wanted, Depends(_wanted)]
Project = Annotated[str | None, Query(description="only what was done in this project", max_length=200)]


async def _owner(reading: Reading) -> Reader:
    if not reading.may(Access.PROJECT_AUDIT):
        raise NotAllowed("owners-only", f"the audit trail of {reading.project!r} is for its Data Owners")
    return reading


Owning = Annotated[Reader, Depends(_owner)]


@router.get("/audit", summary="Who did, tried or was refused what")
async def read_audit(
    reading: WholePlatformReading, filters: Filters, project: Project = None, cursor: Cursor = None, limit: Limit = 100
) -> AuditPage:
    """The trail of the whole platform, the last first; for administrators."""
    reading.must(Access.PLATFORM)
    return await _page(reading.context, _of(filters, project), cursor, limit)


@router.get("/audit/export", summary="Export the trail", response_class=StreamingResponse, responses=of_kind(LINES))
async def export_audit(reading: WholePlatformReading, filters: Filters, project: Project = None) -> StreamingResponse:
    """The same as JSON lines, the first first, all of them; for administrators."""
    reading.must(Access.PLATFORM)
    return await _export(reading.context, _of(filters, project))


@router.get("/projects/{project}/audit", summary="Who did, tried or was refused what in a project")
async def read_project_audit(reading: Owning, filters: Filters, cursor: Cursor = None, limit: Limit = 100) -> AuditPage:
    """The project's trail, the last first; for its Data Owners and administrators."""
    return await _page(reading.context, _of(filters, reading.project), cursor, limit)


@router.get(
    "/projects/{project}/audit/export",
    summary="Export a project's trail",
    response_class=StreamingResponse,
    responses=of_kind(LINES),
)
async def export_project_audit(reading: Owning, filters: Filters) -> StreamingResponse:
    """The same as JSON lines, the first first, all of them."""
    return await _export(reading.context, _of(filters, reading.project))


async def _page(context: Context, wanted: Wanted, cursor: int | None, limit: int) -> AuditPage:
    found = await queries.acts(context.pool, wanted, before=cursor, limit=limit)
    shown = [_opened(context, row) for row in found]
    return AuditPage(acts=shown, next=found[-1].cursor if len(found) == limit else None)


async def _export(context: Context, wanted: Wanted) -> StreamingResponse:
    """The answer, once its first line is there: until then it may still be an error."""
    lines = _lines(context, wanted)
    first = await anext(lines, b"")

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for line in lines:
            yield line

    return StreamingResponse(all_of_them(), media_type=LINES)


async def _lines(context: Context, wanted: Wanted) -> AsyncIterator[bytes]:
    async for row in queries.every_act(context.pool, wanted):
        yield orjson.dumps(_opened(context, row), option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


def _opened(context: Context, row: ActRow) -> ActRow:
    """The line with its address in plain words; that of a person who was erased shows as `erased`."""
    return row if row.address is None else replace(row, address=context.personal.shown(row.address))


def _of(filters: Wanted, project: str | None) -> Wanted:
    return replace(filters, project=project)


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)
