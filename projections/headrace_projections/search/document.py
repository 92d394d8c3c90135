"""The document of one findable thing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from headrace_events.ids import Micros, ProjectName
from headrace_projections.search.engine import Entry, identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What can be found of a thing, and what a list of results shows of it.

    `id` is `<kind>:<name>` as in the lineage graph, `seq` the last event it reflects (of the topic that tells of the
    thing), `columns` are names and descriptions, `text` is everything else worth finding. Times are microseconds UTC.
    """

    project: ProjectName
    kind: str
    id: str
    name: str
    version: int | None = None
    description: str = ""
    columns: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    text: tuple[str, ...] = ()
    state: str
    created: Micros
    updated: Micros
    seq: int

    @property
    def key(self) -> str:
        """What it is called among all documents."""
        return f"{self.project}/{self.id}"

    def entry(self) -> Entry:
        """The document for the index; a later event gives it a higher version."""
        body: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        return Entry(id=identifier(self.key), version=self.seq, body=body)
