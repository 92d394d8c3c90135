"""What happened, in the order of the log."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from headrace_api.reading import PlatformReader, Reading, WholePlatformReading
from headrace_events.access import Access
from headrace_projections.catalogue.queries import projects as queries
from headrace_projections.catalogue.queries.projects import HappenedRow

router = APIRouter(prefix="/api", tags=["activity"])

OF_PEOPLE = ("user.", "api_key.")
PERSONAL = ("full_name", "email", "reason", "name")
"""What an event of a person may say that is sealed."""

Before = Annotated[int | None, Query(ge=1, le=2**62, description="only events with a lower seq: the next page")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Kind = Annotated[str | None, Query(description="of the aggregate, as in `feature_group`")]


@router.get("/projects/{project}/activity", summary="What happened in a project")
async def project_activity(
    reading: Reading, before: Before = None, kind: Kind = None, limit: Limit = 100
) -> list[HappenedRow]:
    """Every event of the project, the last first: who did what, when, by which command."""
    return await queries.activity(reading.context.pool, reading.project, before=before, kind=kind, limit=limit)


@router.get("/projects/{project}/activity/commands/{command_id}", summary="What a command did")
async def command_activity(command_id: str, reading: Reading) -> list[HappenedRow]:
    """The project's events that the command caused, in order; empty if it caused none, or not yet."""
    return await queries.caused_by(reading.context.pool, reading.project, command_id)


@router.get("/activity", summary="What happened on the platform")
async def platform_activity(
    reading: WholePlatformReading, before: Before = None, kind: Kind = None, limit: Limit = 100
) -> list[HappenedRow]:
    """Every event of users, keys and projects' life cycles, the last first; for administrators."""
    reading.must(Access.PLATFORM)
    found = await queries.activity(reading.context.pool, "", before=before, kind=kind, limit=limit)
    return [_opened(reading, row) for row in found]


def _opened(reading: PlatformReader, row: HappenedRow) -> HappenedRow:
    """The event with what it says of a person in plain words; of whom was erased it shows `erased`."""
    shown = reading.context.personal.shown
    told = {name: shown(text) for name in PERSONAL if (text := row.body.get(name)) is not None}
    return replace(row, body={**row.body, **told}) if row.type.startswith(OF_PEOPLE) else row
