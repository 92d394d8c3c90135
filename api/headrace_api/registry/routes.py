"""The schema registry's REST API as serializers need it: read everything, and find a schema that exists by its text.

Source: Confluent's schema registry API. One half is for the platform's own schemas, which need no key (they are
part of every copy of Headrace); the other is each project's, with the shipped ones behind it. New ones come by command.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from headrace_api.errors import ApiError
from headrace_api.reading import Reading
from headrace_api.registry.lookup import ProjectRegistry, Registry, ShippedRegistry, same_schema, version_of
from headrace_api.registry.models import (
    PostedSchema,
    RegistryAnswer,
    RegistryError,
    RegistryProblem,
    schema_missing,
    subject_missing,
)
from headrace_projections.catalogue.queries.topics import SubjectVersionRow


class RegistryRoute(APIRoute):
    """A route whose errors are in Confluent's form."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override] # a Coroutine is
        """The handler, with its errors turned into answers."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except RegistryError as error:
                return RegistryAnswer(error.body(), error.status)
            except RequestValidationError as error:
                return RegistryAnswer({"error_code": 422, "message": str(error.errors())[:1000]}, 422)
            except ApiError as error:
                request.app.state.context.trail.refused(request, error)
                body = {"error_code": error.status, "message": error.message}
                return RegistryAnswer(body, error.status, headers=dict(error.headers))

        return handler


async def _project_registry(reading: Reading) -> Registry:
    return ProjectRegistry(reading.context.pool, reading.project)


async def _shipped_registry() -> Registry:
    return ShippedRegistry()


def _routes(prefix: str, tag: str, registry: Callable[..., Awaitable[Registry]]) -> APIRouter:
    routes = APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=RegistryRoute,
        default_response_class=RegistryAnswer,
        responses={status: {"model": RegistryProblem} for status in (401, 404, 422)},
    )
    Schemas = Annotated[Registry, Depends(registry)]  # noqa: N806 - a type, made for these routes

    @routes.get("/schemas/ids/{schema_id}", summary="A schema by id")
    async def get_schema(schema_id: int, schemas: Schemas) -> dict[str, Any]:
        """The schema's text, which never changes."""
        return {"schema": (await _used(schemas, schema_id))[0].schema}

    @routes.get("/schemas/ids/{schema_id}/schema", summary="A schema by id, bare")
    async def get_schema_text(schema_id: int, schemas: Schemas) -> Response:
        """The schema itself."""
        text = (await _used(schemas, schema_id))[0].schema
        return Response(text, media_type=RegistryAnswer.media_type)

    @routes.get("/schemas/ids/{schema_id}/versions", summary="Where a schema is used")
    async def get_schema_versions(schema_id: int, schemas: Schemas) -> list[dict[str, Any]]:
        """The subjects and versions that are this schema."""
        return [{"subject": row.subject, "version": row.version} for row in await _used(schemas, schema_id)]

    @routes.get("/schemas/types", summary="Kinds of schemas")
    async def get_types(_: Schemas) -> list[str]:
        """Avro only."""
        return ["AVRO"]

    @routes.get("/subjects", summary="List subjects")
    async def list_subjects(schemas: Schemas) -> list[str]:
        """Their names."""
        return await schemas.subjects()

    @routes.get("/subjects/{subject}/versions", summary="List a subject's versions")
    async def list_versions(subject: str, schemas: Schemas) -> list[int]:
        """Their numbers."""
        rows = await schemas.versions(subject)
        if not rows:
            raise subject_missing(subject)
        return [row.version for row in rows]

    @routes.get("/subjects/{subject}/versions/{version}", summary="A version of a subject")
    async def get_version(subject: str, version: str, schemas: Schemas) -> dict[str, Any]:
        """The version of that number, or `latest`."""
        return _shown(await version_of(schemas, subject, version))

    @routes.get("/subjects/{subject}/versions/{version}/schema", summary="A version's schema, bare")
    async def get_version_schema(subject: str, version: str, schemas: Schemas) -> Response:
        """The schema itself."""
        return Response((await version_of(schemas, subject, version)).schema, media_type=RegistryAnswer.media_type)

    @routes.post("/subjects/{subject}/versions", summary="The id of a schema that exists")
    async def post_version(subject: str, posted: PostedSchema, schemas: Schemas) -> dict[str, int]:
        """What serializers do before their first record. A schema that does not exist is not made here."""
        return {"id": (await same_schema(schemas, subject, posted)).schema_id}

    @routes.post("/subjects/{subject}", summary="Is this schema in the subject")
    async def find_schema(subject: str, posted: PostedSchema, schemas: Schemas) -> dict[str, Any]:
        """The version that has this schema."""
        return _shown(await same_schema(schemas, subject, posted))

    return routes


async def _used(schemas: Registry, schema_id: int) -> list[SubjectVersionRow]:
    rows = await schemas.by_id(schema_id)
    if not rows:
        raise schema_missing(str(schema_id))
    return rows


def _shown(row: SubjectVersionRow) -> dict[str, Any]:
    return {"subject": row.subject, "version": row.version, "id": row.schema_id, "schema": row.schema}


router = _routes("/api/projects/{project}/registry", "schema registry", _project_registry)
platform = _routes("/api/registry", "schema registry of the platform", _shipped_registry)
