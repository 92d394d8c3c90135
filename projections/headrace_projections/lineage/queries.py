"""Asking the index for the way from a node: one request a level, always within one project."""

from collections.abc import Collection
from typing import Any

from headrace_events.ids import ProjectName
from headrace_events.language import value
from headrace_projections.lineage.edge import Edge
from headrace_projections.lineage.graph import MOST_LEVELS, Direction, Standing, walk
from headrace_projections.lineage.index import ALIAS
from headrace_projections.lineage.node import Node
from headrace_projections.search.engine import Engine
from headrace_projections.search.queries import Found, named

PAGE = 5_000
_ORDER = ({"since_seq": "asc"}, {"source": "asc"}, {"target": "asc"}, {"kind": "asc"})


@value
class Met:
    """A node, `level` steps from the start, and what is known of it (`found` is None where nobody told)."""

    node: Node
    level: int
    standing: Standing
    found: Found | None


@value
class Lineage:
    """The nodes by level and the edges between them; `more` says that the way goes on beyond the last level."""

    start: Node
    direction: Direction
    nodes: tuple[Met, ...]
    edges: tuple[Edge, ...]
    more: bool


def lineage(
    engine: Engine,
    project: ProjectName,
    start: Node,
    direction: Direction,
    *,
    levels: int = 1,
    as_of: int | None = None,
) -> Lineage | None:
    """The way from a node, also as it was at a sequence number of the project; None where there is no such node.

    Raises Unreachable, NoIndex; and ValueError for a number of levels that is not allowed.
    """
    if not 1 <= levels <= MOST_LEVELS:
        raise ValueError(f"levels is 1 to {MOST_LEVELS}")

    def touching(nodes: Collection[Node], direction: Direction) -> list[Edge]:
        end = "target" if direction is Direction.UPSTREAM else "source"
        return _edges(engine, project, [{"terms": {end: [str(node) for node in nodes]}}], as_of)

    walked = walk(start, direction, levels, touching)
    known = named(engine, project, {str(node) for node in walked.levels if node.elsewhere is None})
    into_start = touching([start], Direction.UPSTREAM)
    if not (walked.edges or into_start or str(start) in known or touching([start], Direction.DOWNSTREAM)):
        return None
    deleted = {edge.target for edge in (*walked.edges, *into_start) if _ended(edge, as_of)}
    return Lineage(
        start=start,
        direction=direction,
        nodes=tuple(
            Met(
                node=node,
                level=level,
                standing=_standing(node, deleted, known.get(str(node)), as_of),
                found=known.get(str(node)),
            )
            for node, level in walked.levels.items()
        ),
        edges=walked.edges,
        more=walked.more,
    )


def _ended(edge: Edge, as_of: int | None) -> bool:
    return edge.until_seq is not None and (as_of is None or edge.until_seq <= as_of)


def _standing(node: Node, deleted: Collection[Node], found: Found | None, as_of: int | None) -> Standing:
    state = found.state if found is not None and as_of is None else ""
    if node.elsewhere is not None:
        return Standing.INACCESSIBLE
    if node in deleted or state == "deleted":
        return Standing.DELETED
    return Standing.FAULTY if state == "failed" else Standing.ACCESSIBLE


def _edges(engine: Engine, project: ProjectName, filters: list[dict[str, Any]], as_of: int | None) -> list[Edge]:
    """Edges of this project only, oldest first."""
    within: list[dict[str, Any]] = [{"term": {"project": project}}, *filters]
    if as_of is not None:
        within.append({"range": {"since_seq": {"lte": as_of}}})
    body: dict[str, Any] = {"query": {"bool": {"filter": within}}, "size": PAGE, "sort": list(_ORDER)}
    edges: list[Edge] = []
    while True:
        hits = engine.search(ALIAS, body).hits
        edges += [Edge.from_record(hit["_source"]) for hit in hits]
        if len(hits) < PAGE:
            return edges
        body["search_after"] = hits[-1]["sort"]
