"""Finding things by their words.

What somebody typed is only ever the text of a `simple_query_string`: it cannot name a field, run a script, or fail.
And every search is made through `_within`, which adds the projects: there is no other way to the index.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace_events.ids import ProjectName
from headrace_events.language import value
from headrace_projections.search.engine import Engine, Hits
from headrace_projections.search.index import ALIAS
from headrace_projections.search.kinds import Kind

MOST_HITS = 100
DEEPEST = 10_000
"""How far into the results one may page: the server's limit."""
FIELDS = ("name^6", "tags^3", "columns^2", "people^2", "description^2", "text", "everything")
OPERATORS = "AND|OR|NOT|PHRASE|PREFIX|PRECEDENCE|ESCAPE|WHITESPACE"
"""What of the query language means something: "a phrase", pre*, +, |, -, brackets. Fuzziness costs too much."""
_SHOWN = ("name", "description", "columns", "tags", "people", "text")


@value
class Found:
    """A thing that was found. `highlight` has, by field, HTML-escaped pieces with the words found in `<em>`."""

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
    text: tuple[str, ...]
    state: str
    created: int
    updated: int
    score: float
    highlight: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """How many things there are in all, and some of them, the best first."""

    total: int
    results: tuple[Found, ...]


def find(
    engine: Engine,
    projects: Collection[ProjectName],
    text: str,
    *,
    kinds: Sequence[Kind] = (),
    size: int = 20,
    start: int = 0,
) -> Page:
    """Things of these projects with all the words of the text, or the latest ones where it has none.

    Raises Unreachable, NoIndex; and ValueError for a page that lies too deep.
    """
    if not 1 <= size <= MOST_HITS or start < 0 or start + size > DEEPEST:
        raise ValueError(f"a page has 1 to {MOST_HITS} results, and ends before result {DEEPEST}")
    asked = " ".join(text.replace("\0", " ").split())
    body: dict[str, Any] = {
        "query": _words(asked) if asked else {"match_all": {}},
        "size": size,
        "from": start,
        "sort": [*(["_score"] if asked else []), {"updated": "desc"}, {"id": "asc"}],
        "track_scores": True,
        "highlight": {
            "encoder": "html",
            "require_field_match": False,
            "fields": {name: {"number_of_fragments": 2, "fragment_size": 120} for name in _SHOWN},
        },
    }
    extra = [{"terms": {"kind": [kind.value for kind in kinds]}}] if kinds else []
    hits = _within(engine, projects, body, extra)
    return Page(total=hits.total, results=tuple(_found(hit) for hit in hits.hits))


def named(engine: Engine, project: ProjectName, ids: Collection[str]) -> Mapping[str, Found]:
    """The things of a project with these ids, by id; those that nobody told of are missing."""
    if not ids:
        return {}
    body: dict[str, Any] = {"query": {"match_all": {}}, "size": len(ids)}
    hits = _within(engine, [project], body, [{"terms": {"id": sorted(ids)}}])
    return {found.id: found for found in map(_found, hits.hits)}


def _words(text: str) -> dict[str, Any]:
    return {
        "simple_query_string": {
            "query": text,
            "fields": list(FIELDS),
            "default_operator": "and",
            "flags": OPERATORS,
            "lenient": True,
            "analyze_wildcard": False,
        }
    }


def _within(
    engine: Engine, projects: Collection[ProjectName], body: Mapping[str, Any], extra: Sequence[Mapping[str, Any]]
) -> Hits:
    """Search these projects only; without one there is nothing to find."""
    if not projects:
        return Hits(total=0, hits=())
    filters = [{"terms": {"project": sorted(projects)}}, *extra]
    query = {"bool": {"must": [body["query"]], "filter": filters}}
    return engine.search(ALIAS, {**body, "query": query, "track_total_hits": True})


def _found(hit: Mapping[str, Any]) -> Found:
    source = hit["_source"]
    return Found(
        project=source["project"],
        kind=source["kind"],
        id=source["id"],
        name=source["name"],
        version=source["version"],
        description=source["description"],
        columns=tuple(source["columns"]),
        tags=tuple(source["tags"]),
        people=tuple(source["people"]),
        metrics=source["metrics"],
        text=tuple(source["text"]),
        state=source["state"],
        created=source["created"],
        updated=source["updated"],
        score=hit["_score"] or 0.0,
        highlight={name: tuple(pieces) for name, pieces in hit.get("highlight", {}).items()},
    )
