"""Where a thing comes from and what became of it, as a graph, and as a tree to print."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from headrace._http import Api

Direction = Literal["upstream", "downstream"]
ALL_LEVELS = 50

_BY_NAME = frozenset({"study", "trial", "program"})
"""Kinds whose id says nothing to people."""
_ORDER = ("trained", "produced", "started", "ran_as", "installed_for")
"""Of the edges to one thing; the others come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """A thing on the way, `level` steps from the start.

    `standing` is accessible, inaccessible (of another project), deleted, or faulty (its making failed); `text` holds a
    trial's parameters or an environment's distributions.
    """

    id: str
    kind: str
    name: str
    level: int
    standing: str
    description: str
    state: str | None
    metrics: Mapping[str, float]
    text: tuple[str, ...]

    @property
    def label(self) -> str:
        """What people call it, as in `feature group weather.1`."""
        known_as = self.name if self.kind in _BY_NAME else self.id.partition(":")[2]
        if len(known_as) == 64 and self.kind in {"program", "environment"}:
            known_as = known_as[:12]
        return f"{self.kind.replace('_', ' ')} {known_as}"

    @property
    def details(self) -> str:
        """What matters of it, in few words: parameters, metrics, whether it is gone."""
        words = [*self.text] if self.kind == "trial" else []
        words += [f"{len(self.text)} distributions"] if self.kind == "environment" and self.text else []
        words += [f"{name} {value:.6g}" for name, value in sorted(self.metrics.items())]
        words += [self.standing] if self.standing != "accessible" else []
        return ", ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEdge:
    """`source` went into `target`, since the project's event `since_seq`."""

    source: str
    target: str
    kind: str
    since_seq: int
    since: datetime
    until_seq: int | None
    until: datetime | None
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """The way from a node; `more` says that it goes on beyond the last level. Printed, it is a tree."""

    start: str
    direction: Direction
    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
    more: bool

    def __str__(self) -> str:
        return self.tree()

    def node(self, id_: str) -> LineageNode:
        """The node of that id; raises KeyError."""
        return {node.id: node for node in self.nodes}[id_]

    def of_kind(self, kind: str) -> tuple[LineageNode, ...]:
        """The nodes of that kind, the nearest first."""
        return tuple(node for node in self.nodes if node.kind == kind)

    @property
    def people(self) -> tuple[str, ...]:
        """Who made something on the way, by name."""
        return tuple(sorted(node.id.partition(":")[2] for node in self.of_kind("person")))

    def tree(self) -> str:
        """The way as lines of text, each thing below the one it leads to; what was shown is not unfolded again."""
        return "\n".join(before + text for before, text in self._lines())

    def __rich__(self) -> Any:
        """The same for `rich.print`."""
        from rich.text import Text  # noqa: PLC0415 - rich calls this, so it is there

        lines = Text()
        for before, text in self._lines():
            lines.append(before, style="dim")
            lines.append(text + "\n")
        return lines

    def _lines(self) -> Iterator[tuple[str, str]]:
        nodes = {node.id: node for node in self.nodes}
        makers: dict[str, list[str]] = defaultdict(list)
        near, far = ("target", "source") if self.direction == "upstream" else ("source", "target")
        below: dict[str, list[LineageEdge]] = defaultdict(list)
        for edge in self.edges:
            if edge.kind == "created" and self.direction == "upstream":
                makers[edge.target].append(edge.source.partition(":")[2])
            else:
                below[getattr(edge, near)].append(edge)
        shown: set[str] = set()

        def lines(id_: str, before: str, first: str, kind: str) -> Iterator[tuple[str, str]]:
            again = id_ in shown and bool(below[id_])
            yield first, _line(nodes[id_], kind, makers[id_], again=again)
            if id_ in shown:
                return
            shown.add(id_)
            children = sorted(below[id_], key=lambda edge: (_order(edge.kind), edge.since_seq, getattr(edge, far)))
            for edge in children:
                last = edge is children[-1]
                branch, stem = ("└─ ", "   ") if last else ("├─ ", "│  ")
                yield from lines(getattr(edge, far), before + stem, before + branch, edge.kind)

        yield from lines(self.start, "", "", "")


def _order(kind: str) -> int:
    return 1 + _ORDER.index(kind) if kind in _ORDER else 0


def _line(node: LineageNode, kind: str, makers: list[str], *, again: bool) -> str:
    words = f"{kind.replace('_', ' ')}: " if kind else ""
    words += node.label
    words += f", by {' and '.join(makers)}" if makers else ""
    words += f" ({node.details})" if node.details else ""
    return words + (" (see above)" if again else "")


def lineage(
    api: Api,
    project: str,
    node: str,
    direction: Direction = "upstream",
    *,
    levels: int = ALL_LEVELS,
    as_of: int | None = None,
) -> Lineage:
    """The way from a node such as `model_version:delay.1`, also as it was at a sequence number of the project.

    Raises NotFound where the project has no such node; HeadraceError.
    """
    path = f"/api/projects/{project}/lineage/{quote(node, safe=':')}"
    graph = api.get(path, direction=direction, levels=levels, as_of=as_of)
    return Lineage(
        start=graph["start"],
        direction=graph["direction"],
        nodes=tuple(LineageNode(**{**row, "text": tuple(row["text"])}) for row in graph["nodes"]),
        edges=tuple(_edge(row) for row in graph["edges"]),
        more=graph["more"],
    )


def _edge(row: Mapping[str, Any]) -> LineageEdge:
    until = row["until"]
    return LineageEdge(
        source=row["source"],
        target=row["target"],
        kind=row["kind"],
        since_seq=row["since_seq"],
        since=datetime.fromisoformat(row["since"]),
        until_seq=row["until_seq"],
        until=None if until is None else datetime.fromisoformat(until),
        actor=row["actor"],
    )
