"""What several routes of the registry find, and how they show it."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from headrace_api.registry.errors import RegistryRoute
from headrace_api.registry.lookup import Registry, live, posted_schema, resolved, schema_of
from headrace_api.registry.models import PostedSchema, RegistryAnswer, RegistryProblem
from headrace_api.registry.shipped import shipped_as
from headrace_projections.catalogue.queries.schemas import ListedRow, SchemaRow, SubjectVersionRow

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": RegistryProblem} for status in (401, 403, 404, 409, 413, 422, 500, 503)
}


@dataclass(frozen=True, slots=True)
class Found:
    """A schema, and the registry it was found in."""

    registry: Registry
    row: SchemaRow


def registry_router() -> APIRouter:
    """A router whose errors and answers are Confluent's."""
    return APIRouter(route_class=RegistryRoute, default_response_class=RegistryAnswer, responses=PROBLEMS)


async def same_schema(
    registry: Registry, subject: str, posted: PostedSchema, *, hidden: bool = False
) -> SubjectVersionRow | None:
    """The newest version of the subject that is the posted schema, or what we ship of it; raises RegistryError."""
    schema, fingerprint = await posted_schema(registry, posted)
    rows = await registry.same(subject, fingerprint)
    own = rows if hidden else live(rows)
    return own[-1] if own else await shipped_as(schema)


async def shown(registry: Registry, row: SubjectVersionRow, form: str = "") -> dict[str, Any]:
    """A version as clients get it."""
    schema = await schema_of(registry, row.schema_id)
    named = {"subject": row.subject, "version": row.version, "id": row.schema_id}
    if form == "resolved":
        return {**named, "schema": await resolved(registry, schema)}
    return {**named, "schema": schema.schema, **referred(schema)}


def listed(row: ListedRow) -> dict[str, Any]:
    """A version as clients get it in a list."""
    return {
        "subject": row.subject,
        "version": row.version,
        "id": row.schema_id,
        "schema": row.schema,
        **referred(row),
    }


def referred(row: SchemaRow | ListedRow) -> dict[str, Any]:
    """What the schema refers to, if anything."""
    if not row.referred:
        return {}
    return {"references": [{"name": one.name, "subject": one.subject, "version": one.version} for one in row.referred]}
