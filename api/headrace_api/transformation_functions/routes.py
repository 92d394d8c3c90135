"""Transformation functions. The API keeps their source, and never runs it."""

from fastapi import APIRouter

from headrace_api.errors import Missing
from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import Accepted, Sending
from headrace_api.transformation_functions.models import NewTransformationFunction
from headrace_api.versions import Version
from headrace_events.transformation_function import CreateTransformationFunction
from headrace_events.transformation_function_life import DeleteTransformationFunction
from headrace_projections.catalogue.queries import transformation_functions as queries
from headrace_projections.catalogue.queries.transformation_functions import TransformationFunctionRow

router = APIRouter(prefix="/api/projects/{project}/transformation-functions", tags=["transformation functions"])


@router.post("", status_code=201, summary="Create a transformation function")
async def create_transformation_function(
    project: ProjectPath, body: NewTransformationFunction, sending: Sending
) -> Accepted:
    """Keep a version of a function; it never changes. Which one it became, `activity/commands/{command_id}` tells."""
    return await sending.send(body.command(CreateTransformationFunction, project=project))


@router.get("", summary="List transformation functions")
async def list_transformation_functions(reading: Reading) -> list[TransformationFunctionRow]:
    """All versions of all functions that members made, by name, the newest first."""
    return await queries.transformation_functions(reading.context.pool, reading.project)


@router.get("/{name}", summary="List a transformation function's versions")
async def get_transformation_function(name: str, reading: Reading) -> list[TransformationFunctionRow]:
    """All versions, the newest first."""
    found = await queries.transformation_functions(reading.context.pool, reading.project, name)
    if not found:
        raise Missing("transformation function", name)
    return found


@router.get("/{name}/versions/{version}", summary="Show a version of a transformation function")
async def get_transformation_function_version(
    name: str, version: Version, reading: Reading
) -> TransformationFunctionRow:
    """The version with its source."""
    found = await queries.transformation_functions(reading.context.pool, reading.project, name, version)
    if not found:
        raise Missing("transformation function", f"{name} version {version}")
    return found[0]


@router.delete("/{name}/versions/{version}", summary="Delete a version of a transformation function")
async def delete_transformation_function(
    project: ProjectPath, name: str, version: Version, sending: Sending
) -> Accepted:
    """Take the version away; models that were trained with it have its source.

    Refused with `transformation-function-in-use` while a view uses it, which the message names.
    """
    return await sending.send(DeleteTransformationFunction(project=project, name=name, version=version))
