"""Tags of feature groups and views, and which tags there are."""

from collections.abc import Mapping
from datetime import datetime

from headrace_events.annotation_words import Annotated
from headrace_events.language import value
from headrace_projections.catalogue.queries.rows import Pool, all_of


@value
class TagRow:
    """A tag of a thing; `value` is the text of JSON."""

    tag: str
    value: str
    tagged_by: str
    tagged_time: datetime


@value
class TagSchemaRow:
    """A tag that may be put on things; `schema` is the text of the JSON Schema that values fit."""

    name: str
    schema: str
    created_by: str
    created_time: datetime


@value
class _Name:
    name: str


_THERE: Mapping[Annotated, str] = {
    Annotated.FEATURE_GROUP: "SELECT name FROM catalogue.feature_groups",
    Annotated.FEATURE_VIEW: "SELECT name FROM catalogue.feature_views",
}


async def tags(pool: Pool, project: str, kind: Annotated, name: str, version: int) -> list[TagRow] | None:
    """All tags of a thing, by name; None where there is no such thing."""
    of = {"project": project, "name": name, "version": version}
    where = "WHERE project = %(project)s AND name = %(name)s AND version = %(version)s"
    if not await all_of(pool, _Name, f"{_THERE[kind]} {where}", **of):
        return None
    query = f"SELECT * FROM catalogue.tags {where} AND kind = %(kind)s ORDER BY tag"
    return await all_of(pool, TagRow, query, kind=kind.value, **of)


async def tag_schemas(pool: Pool, name: str | None = None) -> list[TagSchemaRow]:
    """All tags that there are, or the one of that name."""
    query = "SELECT * FROM catalogue.tag_schemas WHERE %(name)s::text IS NULL OR name = %(name)s ORDER BY name"
    return await all_of(pool, TagSchemaRow, query, name=name)
