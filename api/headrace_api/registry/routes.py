"""The schema registry's REST API: each project's, and the platform's own.

Source: Confluent's schema registry, REST API reference. The platform's schemas need no key, for they are part of every
copy of Headrace; behind a project's own subjects they are found too.
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter

from headrace_api.authentication import Caller
from headrace_api.context import Here
from headrace_api.reading import After, ProjectPath, Reading, reader
from headrace_api.registry import changes, schemas, settings, subjects
from headrace_api.registry.errors import schema_missing
from headrace_api.registry.found import Found
from headrace_api.registry.lookup import Registry, schema_of
from headrace_api.registry.models import SchemaIdPath
from headrace_api.registry.owned import ProjectRegistry
from headrace_api.registry.shipped import ShippedRegistry
from headrace_events.scopes import Scope


async def _project_registry(reading: Reading) -> Registry:
    return ProjectRegistry(reading.context, reading.project)


async def _in_project(
    project: ProjectPath, schema_id: SchemaIdPath, context: Here, actor: Caller, after: After = None
) -> Found:
    actor.must_have(Scope.READ)
    registry = ProjectRegistry(context, project)
    if after is not None or not context.schemas.may_see(actor.user, project, schema_id):
        await reader(project, context, actor, after)
        if not await registry.using(schema_id):
            raise schema_missing(str(schema_id))
        context.schemas.saw(actor.user, project, schema_id)
    return Found(registry, await schema_of(registry, schema_id))


async def _shipped_registry() -> Registry:
    return ShippedRegistry()


async def _shipped(schema_id: SchemaIdPath) -> Found:
    registry = ShippedRegistry()
    return Found(registry, await schema_of(registry, schema_id))


def _routes(
    prefix: str,
    tag: str,
    registry: Callable[..., Awaitable[Registry]],
    by_id: Callable[..., Awaitable[Found]],
    changing: APIRouter,
) -> APIRouter:
    made = APIRouter(prefix=prefix, tags=[tag])
    for part in (schemas.routes(registry, by_id), subjects.routes(registry), settings.routes(registry), changing):
        made.include_router(part)
    return made


router = _routes(
    "/api/projects/{project}/registry", "schema registry", _project_registry, _in_project, changes.of_project
)
platform = _routes("/api/registry", "schema registry of the platform", _shipped_registry, _shipped, changes.of_platform)
