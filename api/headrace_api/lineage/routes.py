"""Where things come from, and what became of them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from headrace_api.context import Context
from headrace_api.errors import Missing, Unprocessable
from headrace_api.lineage.models import LineageGraph
from headrace_api.reading import SECONDS, After, NotYetVisible, Reading, until_visible
from headrace_api.search.asking import asked
from headrace_events.ids import ProjectName
from headrace_projections.lineage.derivation import NAME
from headrace_projections.lineage.graph import MOST_LEVELS, Direction
from headrace_projections.lineage.node import Node
from headrace_projections.lineage.queries import lineage
from headrace_projections.lineage.reached import last_derived
from headrace_projections.positions import wait_for
from headrace_projections.search import tables as search

router = APIRouter(prefix="/api/projects/{project}/lineage", tags=["lineage"])

NodePath = Annotated[
    str, Path(description="`<kind>:<name>`, as in `model_version:delay.1`; search gives it as `id`", max_length=2000)
]
Levels = Annotated[int, Query(ge=1, le=MOST_LEVELS, description="how many steps to walk")]
AsOf = Annotated[
    int | None, Query(ge=0, le=2**62, description="a sequence number of the project: the graph of that moment")
]


@router.get("/{node:path}", summary="Walk from a node")
async def walk_lineage(
    reading: Reading,
    node: NodePath,
    direction: Direction = Direction.UPSTREAM,
    *,
    levels: Levels = 1,
    as_of: AsOf = None,
    after: After = None,
) -> LineageGraph:
    """Upstream: what it was made from, and by whom. Downstream: what was made from it.

    The graph never leaves the project. What was deleted since stays in it, marked.
    """
    await until_drawn(reading.context, after)
    start = node_of(node)
    project = ProjectName(reading.project)
    found = await asked(
        reading.context, lambda engine: lineage(engine, project, start, direction, levels=levels, as_of=as_of)
    )
    if found is None:
        raise Missing("node", node)
    return LineageGraph.of(found)


def node_of(text: str) -> Node:
    """The node so written, of this project; raises Unprocessable."""
    try:
        found = Node.parse(text)
    except ValueError as error:
        raise Unprocessable("invalid-node", f"{error}: write <kind>:<name>", {"node": text[:200]}) from error
    if found.elsewhere is not None:
        raise Unprocessable("invalid-node", "ask the project it belongs to", {"node": text[:200]})
    return found


async def until_drawn(context: Context, after: str | None) -> None:
    """Wait for the events to be derived from, and then for the edges that this gave; raises NotYetVisible."""
    if not after:
        return
    await until_visible(context, after, NAME)
    if not await wait_for(context.pool, search.NAME, await last_derived(context.pool), SECONDS):
        raise NotYetVisible(after)
    await until_visible(context, after, search.NAME)
