"""What the way from a node looks like."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, Field

from headrace_projections.changes import moment
from headrace_projections.lineage.edge import Edge
from headrace_projections.lineage.graph import Direction, Standing
from headrace_projections.lineage.queries import Lineage, Met


class LineageNode(BaseModel):
    """A node that was met on the way."""

    id: str = Field(examples=["model_version:delay.1"])
    kind: str = Field(examples=["model_version"])
    name: str = Field(description="of the thing, where it told one; else what follows the kind in the id")
    level: int = Field(description="how many steps from the start")
    standing: Standing = Field(description="inaccessible: of another project; faulty: its making failed")
    description: str = ""
    state: str | None = Field(default=None, description="none where nobody told of the thing")
    metrics: Mapping[str, float] = Field(default_factory=dict)
    text: list[str] = Field(default_factory=list, description="parameters of a trial, lines of an environment")

    @classmethod
    def of(cls, met: Met) -> "LineageNode":
        """The node with what is known of it."""
        node, found = met.node, met.found
        if found is None:
            return cls(id=str(node), kind=node.kind, name=node.name, level=met.level, standing=met.standing)
        return cls(
            id=str(node),
            kind=node.kind,
            name=found.name,
            level=met.level,
            standing=met.standing,
            description=found.description,
            state=found.state,
            metrics=found.metrics,
            text=list(found.text),
        )


class LineageEdge(BaseModel):
    """`source` went into `target`."""

    source: str
    target: str
    kind: str = Field(examples=["trained"])
    since_seq: int = Field(description="of the event that says so; ask `as_of` it to see the graph of that moment")
    since: datetime
    until_seq: int | None = Field(description="of the event that deleted the target")
    until: datetime | None
    actor: str

    @classmethod
    def of(cls, edge: Edge) -> "LineageEdge":
        """The edge, with times for people."""
        return cls(
            source=str(edge.source),
            target=str(edge.target),
            kind=edge.kind,
            since_seq=edge.since_seq,
            since=moment(edge.since),
            until_seq=edge.until_seq,
            until=None if edge.until is None else moment(edge.until),
            actor=edge.actor,
        )


class LineageGraph(BaseModel):
    """Nodes by level, the edges between them, and whether the way goes on."""

    start: str
    direction: Direction
    nodes: list[LineageNode]
    edges: list[LineageEdge]
    more: bool = Field(description="there is more beyond the last level: ask for more levels, or start there")

    @classmethod
    def of(cls, found: Lineage) -> "LineageGraph":
        """The graph."""
        return cls(
            start=str(found.start),
            direction=found.direction,
            nodes=[LineageNode.of(met) for met in found.nodes],
            edges=[LineageEdge.of(edge) for edge in found.edges],
            more=found.more,
        )
