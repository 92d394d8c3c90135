"""The model registry."""

from fastapi import APIRouter

from headrace_api.errors import Missing
from headrace_api.models.models import NewModelVersion
from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import Accepted, Sending
from headrace_api.versions import Version
from headrace_events.model import CreateModelVersion
from headrace_projections.catalogue.queries import models as queries
from headrace_projections.catalogue.queries.models import ModelVersionRow

router = APIRouter(prefix="/api/projects/{project}/models", tags=["models"])


@router.post("", status_code=201, summary="Register a model version")
async def create_model_version(project: ProjectPath, body: NewModelVersion, sending: Sending) -> Accepted:
    """Register a model whose archive is stored already; `activity/commands/{command_id}` tells which version it is."""
    return await sending.send(body.command(CreateModelVersion, project=project))


@router.get("", summary="List models")
async def list_models(reading: Reading) -> list[ModelVersionRow]:
    """All versions of all models, by name, the newest first."""
    return await queries.model_versions(reading.context.pool, reading.project)


@router.get("/{name}", summary="List a model's versions")
async def get_model(name: str, reading: Reading) -> list[ModelVersionRow]:
    """All versions, the newest first."""
    found = await queries.model_versions(reading.context.pool, reading.project, name)
    if not found:
        raise Missing("model", name)
    return found


@router.get("/{name}/versions/{version}", summary="Show a model version")
async def get_model_version(name: str, version: Version, reading: Reading) -> ModelVersionRow:
    """The version with everything that went into it."""
    found = await queries.model_versions(reading.context.pool, reading.project, name, version)
    if not found:
        raise Missing("model", f"{name} version {version}")
    return found[0]
