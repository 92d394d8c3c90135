"""Lineage for whoever speaks OpenLineage."""

from fastapi import APIRouter

from headrace_api.errors import Missing
from headrace_api.lineage.routes import Levels, NodePath, node_of, until_drawn
from headrace_api.openlineage.export import run_events
from headrace_api.openlineage.models import RunEvent
from headrace_api.reading import After, Reading
from headrace_api.search.asking import asked
from headrace_events.ids import ProjectName
from headrace_projections.lineage.graph import Direction
from headrace_projections.lineage.queries import lineage

router = APIRouter(prefix="/api/projects/{project}/lineage", tags=["openlineage"])


@router.get("/{node:path}/openlineage", summary="Export lineage as OpenLineage events")
async def export_lineage(
    reading: Reading,
    node: NodePath,
    direction: Direction = Direction.UPSTREAM,
    *,
    levels: Levels = 20,
    after: After = None,
) -> list[RunEvent]:
    """One RunEvent for each dataset on the way that something was put into, the oldest first."""
    await until_drawn(reading.context, after)
    start, project = node_of(node), ProjectName(reading.project)
    found = await asked(reading.context, lambda engine: lineage(engine, project, start, direction, levels=levels))
    if found is None:
        raise Missing("node", node)
    producer = f"{reading.context.settings.url}/api/projects/{project}/lineage"
    return run_events(project, found.edges, producer)
