"""The schema registry's REST API: schemas by id, and lists of them."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from headrace_api.registry.errors import schema_missing
from headrace_api.registry.found import Found, listed, referred, registry_router
from headrace_api.registry.lookup import Page, Registry, live, resolved
from headrace_api.registry.models import (
    MOST_SCHEMAS,
    Flag,
    Format,
    Ignored,
    LatestFlag,
    Limit,
    MaxIdFlag,
    Offset,
    Prefix,
    RegistryAnswer,
    SchemaIdPath,
    SchemaText,
    SubjectVersion,
    Version,
    page,
)
from headrace_projections.catalogue.queries.schemas import SubjectVersionRow


def routes(registry: Callable[..., Awaitable[Registry]], by_id: Callable[..., Awaitable[Found]]) -> APIRouter:
    """The routes, over the registry that the dependency gives."""
    routes = registry_router()
    Schemas = Annotated[Registry, Depends(registry)]  # noqa: N806 - a type, made for these routes
    ById = Annotated[Found, Depends(by_id)]  # noqa: N806 - likewise

    @routes.get("/schemas/ids/{schema_id}", summary="A schema by id", response_model=SchemaText)
    async def get_schema(
        found: ById,
        fetch_max_id: MaxIdFlag = False,
        format: Format = "",  # noqa: A002 - what clients call it
        subject: Ignored = None,
    ) -> Response:
        """The schema's text, which never changes. With `format=resolved`, whatever it refers to is written out."""
        if format == "resolved":
            body: dict[str, Any] = {"schema": await resolved(found.registry, found.row)}
        else:
            body = {"schema": found.row.schema, **referred(found.row)}
        if fetch_max_id:
            body["maxId"] = await found.registry.last_id() or 0
        return RegistryAnswer(body)

    @routes.get("/schemas/ids/{schema_id}/schema", summary="A schema by id, bare")
    async def get_schema_text(found: ById, format: Format = "", subject: Ignored = None) -> Response:  # noqa: A002
        """The schema itself."""
        text = await resolved(found.registry, found.row) if format == "resolved" else found.row.schema
        return Response(text, media_type=RegistryAnswer.media_type)

    @routes.get(
        "/schemas/ids/{schema_id}/versions", summary="Where a schema is used", response_model=list[SubjectVersion]
    )
    async def get_schema_versions(
        schema_id: SchemaIdPath, schemas: Schemas, subject: Ignored = None, deleted: Flag = False
    ) -> Response:
        """The subjects and versions that are this schema."""
        rows = await _using(schemas, schema_id, deleted=deleted)
        shown = [row for row in rows if subject in {None, row.subject}]
        return RegistryAnswer([{"subject": row.subject, "version": row.version} for row in shown])

    @routes.get("/schemas/ids/{schema_id}/subjects", summary="Which subjects have a schema", response_model=list[str])
    async def get_schema_subjects(
        schema_id: SchemaIdPath, schemas: Schemas, subject: Ignored = None, deleted: Flag = False
    ) -> Response:
        """Their names."""
        rows = await _using(schemas, schema_id, deleted=deleted)
        return RegistryAnswer(sorted({row.subject for row in rows if subject in {None, row.subject}}))

    @routes.get("/schemas/types", summary="Kinds of schemas", response_model=list[str])
    async def get_types(_: Schemas) -> Response:
        """Avro only."""
        return RegistryAnswer(["AVRO"])

    @routes.get("/schemas", summary="List schemas", response_model=list[Version])
    async def list_schemas(
        *,
        schemas: Schemas,
        prefix: Prefix = "",
        deleted: Flag = False,
        latest: LatestFlag = False,
        offset: Offset = 0,
        limit: Limit = -1,
    ) -> Response:
        """Versions of all subjects, by subject and number; at most 1,000, and 8 MiB of schemas, in one answer.

        Ask on with `offset` until there is none.
        """
        asked = Page(prefix=prefix, hidden=deleted, latest=latest, offset=offset, limit=page(limit, MOST_SCHEMAS))
        return RegistryAnswer([listed(row) for row in await schemas.pages(asked)])

    @routes.get("/contexts", summary="List contexts", response_model=list[str])
    async def list_contexts(_: Schemas) -> Response:
        """The one there is: a project has a registry of its own instead."""
        return RegistryAnswer(["."])

    return routes


async def _using(registry: Registry, schema_id: int, *, deleted: bool) -> list[SubjectVersionRow]:
    rows = await registry.using(schema_id)
    if not rows:
        raise schema_missing(str(schema_id))
    return rows if deleted else live(rows)
