"""Finding things by their words."""

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Query

from headrace_api.context import Context
from headrace_api.reading import After, PlatformReading, Reading, until_visible
from headrace_api.search.asking import asked
from headrace_api.search.models import Results
from headrace_events.ids import ProjectName
from headrace_projections.catalogue.queries import projects
from headrace_projections.search.kinds import Kind
from headrace_projections.search.queries import MOST_HITS, find
from headrace_projections.search.tables import NAME

router = APIRouter(prefix="/api", tags=["search"])

Text = Annotated[
    str,
    Query(
        max_length=500,
        description='all these words; also "a phrase", the beginning of a wor*, either | or, -without. '
        "None shows what changed last",
    ),
]
Kinds = Annotated[list[Kind] | None, Query(alias="kind", description="only things of these kinds")]
Size = Annotated[int, Query(ge=1, le=MOST_HITS)]
From = Annotated[int, Query(alias="from", ge=0, le=10_000)]


@router.get("/projects/{project}/search", summary="Search in a project")
async def search_project(
    reading: Reading, q: Text = "", *, kind: Kinds = None, size: Size = 20, start: From = 0, after: After = None
) -> Results:
    """Feature groups, views, datasets, studies, trials, programs, environments, models, deployments, topics, people."""
    await until_visible(reading.context, after, NAME)
    return await _results(reading.context, [ProjectName(reading.project)], q, kind or [], size=size, start=start)


@router.get("/search", summary="Search everywhere")
async def search_everywhere(
    reading: PlatformReading, q: Text = "", *, kind: Kinds = None, size: Size = 20, start: From = 0, after: After = None
) -> Results:
    """The same, in all projects that the caller belongs to."""
    await until_visible(reading.context, after, NAME)
    own = await projects.projects(reading.context.pool, reading.actor.user)
    reached = [ProjectName(row.project) for row in own if reading.actor.limited_to in {None, row.project}]
    return await _results(reading.context, reached, q, kind or [], size=size, start=start)


async def _results(
    context: Context, within: Collection[ProjectName], text: str, kinds: list[Kind], *, size: int, start: int
) -> Results:
    page = await asked(context, lambda engine: find(engine, within, text, kinds=kinds, size=size, start=start))
    return Results.of(page)
