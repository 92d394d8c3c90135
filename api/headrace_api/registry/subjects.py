"""The schema registry's REST API: subjects and their versions."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from headrace_api.registry.errors import schema_missing
from headrace_api.registry.found import registry_router, same_schema, shown
from headrace_api.registry.lookup import Page, Registry, schema_of, version_of, versions_of
from headrace_api.registry.models import (
    MOST_LISTED,
    Flag,
    Format,
    Limit,
    Offset,
    OnlyFlag,
    PostedSchema,
    Prefix,
    RegistryAnswer,
    SubjectPath,
    Version,
    VersionPath,
    page,
)


def routes(registry: Callable[..., Awaitable[Registry]]) -> APIRouter:
    """The routes, over the registry that the dependency gives."""
    routes = registry_router()
    Schemas = Annotated[Registry, Depends(registry)]  # noqa: N806 - a type, made for these routes

    @routes.get("/subjects", summary="List subjects", response_model=list[str])
    async def list_subjects(
        *,
        schemas: Schemas,
        prefix: Prefix = "",
        deleted: Flag = False,
        only: OnlyFlag = False,
        offset: Offset = 0,
        limit: Limit = -1,
    ) -> Response:
        """Their names, in order; at most 20,000 in one answer."""
        asked = Page(prefix=prefix, hidden=deleted, only=only, offset=offset, limit=page(limit, MOST_LISTED))
        return RegistryAnswer(await schemas.subjects(asked))

    @routes.get("/subjects/{subject}/versions", summary="List a subject's versions", response_model=list[int])
    async def list_versions(
        *,
        subject: SubjectPath,
        schemas: Schemas,
        deleted: Flag = False,
        only: OnlyFlag = False,
        offset: Offset = 0,
        limit: Limit = -1,
    ) -> Response:
        """Their numbers, in order."""
        rows = await versions_of(schemas, subject, hidden=deleted or only)
        numbers = [row.version for row in rows if row.deleted or not only]
        return RegistryAnswer(numbers[offset : offset + page(limit, MOST_LISTED)])

    @routes.get("/subjects/{subject}/versions/{version}", summary="A version of a subject", response_model=Version)
    async def get_version(
        *,
        subject: SubjectPath,
        version: VersionPath,
        schemas: Schemas,
        deleted: Flag = False,
        format: Format = "",  # noqa: A002
    ) -> Response:
        """The version of that number, or `latest`."""
        row = await version_of(schemas, subject, version, hidden=deleted)
        return RegistryAnswer(await shown(schemas, row, format))

    @routes.get("/subjects/{subject}/versions/{version}/schema", summary="A version's schema, bare")
    async def get_version_schema(
        subject: SubjectPath, version: VersionPath, schemas: Schemas, deleted: Flag = False
    ) -> Response:
        """The schema itself."""
        row = await version_of(schemas, subject, version, hidden=deleted)
        text = (await schema_of(schemas, row.schema_id)).schema
        return Response(text, media_type=RegistryAnswer.media_type)

    @routes.get(
        "/subjects/{subject}/versions/{version}/referencedby",
        summary="Who refers to a version",
        response_model=list[int],
    )
    async def get_referrers(subject: SubjectPath, version: VersionPath, schemas: Schemas) -> Response:
        """The ids of the schemas that do."""
        row = await version_of(schemas, subject, version)
        return RegistryAnswer(await schemas.referrers(row.subject, row.version))

    @routes.post("/subjects/{subject}", summary="Is this schema in the subject", response_model=Version)
    async def find_schema(
        subject: SubjectPath, posted: PostedSchema, schemas: Schemas, deleted: Flag = False, normalize: Flag = False
    ) -> Response:
        """The version that is this schema. Equal schemas are found however they are written."""
        found = await same_schema(schemas, subject, posted, hidden=deleted)
        if found is None:
            await versions_of(schemas, subject, hidden=deleted)
            raise schema_missing(f"in subject '{subject}'")
        return RegistryAnswer(await shown(schemas, found))

    return routes
