"""What a search answers."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, Field

from headrace_events.ids import Micros
from headrace_projections.changes import moment
from headrace_projections.search.queries import Found, Page


class Result(BaseModel):
    """A thing that was found."""

    project: str
    kind: str = Field(examples=["feature_group"])
    id: str = Field(description="its node in the lineage graph", examples=["feature_group:weather.1"])
    name: str
    version: int | None
    description: str
    columns: list[str] = Field(description="features, columns, inputs or parameters, with their descriptions")
    tags: list[str]
    people: list[str]
    metrics: Mapping[str, float]
    state: str = Field(examples=["ready"])
    created: datetime
    updated: datetime
    score: float = Field(description="how well it fits; larger is better, 0 where no words were given")
    highlight: Mapping[str, list[str]] = Field(
        description="by field, HTML-escaped pieces with the words found in `<em>`"
    )

    @classmethod
    def of(cls, found: Found) -> "Result":
        """What was found, with times for people."""
        return cls(
            project=found.project,
            kind=found.kind,
            id=found.id,
            name=found.name,
            version=found.version,
            description=found.description,
            columns=list(found.columns),
            tags=list(found.tags),
            people=list(found.people),
            metrics=found.metrics,
            state=found.state,
            created=moment(Micros(found.created)),
            updated=moment(Micros(found.updated)),
            score=found.score,
            highlight={name: list(pieces) for name, pieces in found.highlight.items()},
        )


class Results(BaseModel):
    """A page of results, the best first."""

    total: int = Field(description="how many things there are on all pages")
    results: list[Result]

    @classmethod
    def of(cls, page: Page) -> "Results":
        """The page."""
        return cls(total=page.total, results=[Result.of(found) for found in page.results])
