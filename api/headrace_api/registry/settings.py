"""The schema registry's REST API: compatibility, its levels, and the mode."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from headrace_api.registry.errors import RegistryError
from headrace_api.registry.found import registry_router
from headrace_api.registry.lookup import Registry, level_of, live, posted_schema, verdict, version_of
from headrace_api.registry.models import (
    Flag,
    GlobalFlag,
    Level,
    ModeShown,
    PostedSchema,
    RegistryAnswer,
    SubjectPath,
    Verdict,
    VersionPath,
)
from headrace_events.subject import WHOLE_PROJECT, Mode


def routes(registry: Callable[..., Awaitable[Registry]]) -> APIRouter:
    """The routes, over the registry that the dependency gives."""
    routes = registry_router()
    Schemas = Annotated[Registry, Depends(registry)]  # noqa: N806 - a type, made for these routes

    @routes.post(
        "/compatibility/subjects/{subject}/versions/{version}",
        summary="May a schema follow a version",
        response_model=Verdict,
    )
    async def test_version(
        *,
        subject: SubjectPath,
        version: VersionPath,
        posted: PostedSchema,
        schemas: Schemas,
        verbose: Flag = False,
        normalize: Flag = False,
    ) -> Response:
        """By the level that holds for the subject; with `verbose`, why not."""
        schema, _ = await posted_schema(schemas, posted)
        try:
            against = [await version_of(schemas, subject, version)]
        except RegistryError as error:
            if version not in {"latest", "-1"} or error.code != 40401:
                raise
            against = []
        return _verdict(await verdict(schemas, subject, schema, against), verbose=verbose)

    @routes.post(
        "/compatibility/subjects/{subject}/versions", summary="May a schema follow a subject", response_model=Verdict
    )
    async def test_subject(
        subject: SubjectPath, posted: PostedSchema, schemas: Schemas, verbose: Flag = False, normalize: Flag = False
    ) -> Response:
        """By the level that holds for the subject, which says whether all its versions count or the newest."""
        schema, _ = await posted_schema(schemas, posted)
        against = live(await schemas.versions(subject))
        return _verdict(await verdict(schemas, subject, schema, against), verbose=verbose)

    @routes.get("/config", summary="The compatibility level", response_model=Level)
    async def get_level(schemas: Schemas) -> Response:
        """What new versions owe to earlier ones, where a subject does not say another."""
        return RegistryAnswer({"compatibilityLevel": (await level_of(schemas, WHOLE_PROJECT)).value})

    @routes.get("/config/{subject}", summary="A subject's compatibility level", response_model=Level)
    async def get_subject_level(subject: SubjectPath, schemas: Schemas, default: GlobalFlag = False) -> Response:
        """What the subject itself says; with `defaultToGlobal`, what holds for it."""
        own = (await schemas.settings(subject)).compatibility
        if own is None and not default:
            raise RegistryError(40408, f"Subject '{subject}' does not have subject-level compatibility configured.")
        return RegistryAnswer({"compatibilityLevel": (await level_of(schemas, subject)).value})

    @routes.get("/mode", summary="The mode", response_model=ModeShown)
    async def get_mode(schemas: Schemas) -> Response:
        """Whether subjects take changes, where one does not say otherwise."""
        return RegistryAnswer({"mode": ((await schemas.settings(WHOLE_PROJECT)).mode or Mode.READWRITE).value})

    @routes.get("/mode/{subject}", summary="A subject's mode", response_model=ModeShown)
    async def get_subject_mode(subject: SubjectPath, schemas: Schemas, default: GlobalFlag = False) -> Response:
        """What the subject itself says; with `defaultToGlobal`, what holds for it."""
        mode = (await schemas.settings(subject)).mode
        if mode is None and not default:
            raise RegistryError(40409, f"Subject '{subject}' does not have subject-level mode configured.")
        mode = mode or (await schemas.settings(WHOLE_PROJECT)).mode or Mode.READWRITE
        return RegistryAnswer({"mode": mode.value})

    return routes


def _verdict(reasons: tuple[str, ...], *, verbose: bool) -> Response:
    body: dict[str, Any] = {"is_compatible": not reasons}
    return RegistryAnswer({**body, "messages": list(reasons)} if verbose else body)
