"""Finding things by their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headrace._http import Api


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A thing that was found. `id` is its node in the lineage graph, `highlight` shows by field where the words are."""

    project: str
    kind: str
    id: str
    name: str
    version: int | None
    description: str
    columns: tuple[str, ...]
    tags: tuple[str, ...]
    people: tuple[str, ...]
    metrics: Mapping[str, float]
    state: str
    created: datetime
    updated: datetime
    score: float
    highlight: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResults(Sequence[Found]):
    """A page of what was found, the best first; `total` counts all pages."""

    total: int
    results: tuple[Found, ...]

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, index: Any) -> Any:
        return self.results[index]

    def __iter__(self) -> Iterator[Found]:
        return iter(self.results)

    def __str__(self) -> str:
        lines = [f"{self.total} found"]
        for found in self.results:
            about = f": {found.description}" if found.description else ""
            lines.append(f"  {found.id} ({found.project}, {found.state}){about}")
        return "\n".join(lines)


def search(
    api: Api,
    text: str,
    *,
    project: str | None = None,
    kind: str | Sequence[str] | None = None,
    size: int = 20,
    start: int = 0,
) -> SearchResults:
    """Things with all the words of the text, in a project or (None) in all projects of the caller.

    `"a phrase"`, the beginning of a `wor*`, `either | or` and `-without` mean what they look like.
    Raises HeadraceError.
    """
    path = "/api/search" if project is None else f"/api/projects/{project}/search"
    kinds = [kind] if isinstance(kind, str) else list(kind or ())
    page = api.get(path, q=text, kind=kinds or None, size=size, **{"from": start})
    return SearchResults(total=page["total"], results=tuple(_found(row) for row in page["results"]))


def _found(row: Mapping[str, Any]) -> Found:
    return Found(
        project=row["project"],
        kind=row["kind"],
        id=row["id"],
        name=row["name"],
        version=row["version"],
        description=row["description"],
        columns=tuple(row["columns"]),
        tags=tuple(row["tags"]),
        people=tuple(row["people"]),
        metrics=row["metrics"],
        state=row["state"],
        created=datetime.fromisoformat(row["created"]),
        updated=datetime.fromisoformat(row["updated"]),
        score=row["score"],
        highlight={name: tuple(pieces) for name, pieces in row["highlight"].items()},
    )
