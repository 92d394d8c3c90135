"""Walking the graph: level by level from a node, upstream to where it came from or downstream to what became of it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from headrace_projections.lineage.edge import Edge
from headrace_projections.lineage.node import Node

MOST_LEVELS = 50
MOST_NODES = 2_000


class Direction(StrEnum):
    """Which way to walk."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


class Standing(StrEnum):
    """What the caller can do with a node: look at it, or only know that it is (or was) there."""

    ACCESSIBLE = "accessible"
    INACCESSIBLE = "inaccessible"
    DELETED = "deleted"
    FAULTY = "faulty"


Touching = Callable[[Collection[Node], Direction], list[Edge]]
"""The edges that lead into (upstream) or out of (downstream) any of these nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What was met: each node with its distance from the start, the edges walked, and whether it goes on further."""

    levels: dict[Node, int]
    edges: tuple[Edge, ...]
    more: bool


def walk(start: Node, direction: Direction, levels: int, touching: Touching) -> Walk:
    """Walk breadth first, one question a level.

    A node of another project ends the way: nothing is said of what lies behind it.
    """
    met = {start: 0}
    edges: dict[tuple[Node, str, Node], Edge] = {}
    frontier = {start}
    for level in range(1, levels + 1):
        found = touching(sorted(frontier), direction) if frontier else []
        frontier = set()
        for edge in found:
            edges[edge.source, edge.kind, edge.target] = edge
            far = edge.source if direction is Direction.UPSTREAM else edge.target
            if far in met:
                continue
            if len(met) >= MOST_NODES:
                return Walk(levels=met, edges=_between(edges, met), more=True)
            met[far] = level
            if far.elsewhere is None:
                frontier.add(far)
    more = bool(frontier) and bool(touching(sorted(frontier), direction))
    return Walk(levels=met, edges=_between(edges, met), more=more)


def _between(edges: dict[tuple[Node, str, Node], Edge], met: Collection[Node]) -> tuple[Edge, ...]:
    return tuple(edge for edge in edges.values() if edge.source in met and edge.target in met)
