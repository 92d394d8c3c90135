"""Deployments of models."""

from fastapi import APIRouter

from headrace_api.deployments.models import NewDeployment
from headrace_api.errors import Missing
from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import Accepted, Sending
from headrace_events.deployment import CreateDeployment, DeleteDeployment
from headrace_projections.catalogue.queries import models as queries
from headrace_projections.catalogue.queries.models import DeploymentRow

router = APIRouter(prefix="/api/projects/{project}/deployments", tags=["deployments"])


@router.post("", status_code=202, summary="Deploy a model version")
async def create_deployment(project: ProjectPath, body: NewDeployment, sending: Sending) -> Accepted:
    """Serve a model version; for Data Owners. Read `status_url` until `phase` is ready or failed."""
    return await sending.send(
        body.command(CreateDeployment, project=project), f"/api/projects/{project}/deployments/{body.name}"
    )


@router.get("", summary="List deployments")
async def list_deployments(reading: Reading) -> list[DeploymentRow]:
    """All deployments, deleted ones too, by name."""
    return await queries.deployments(reading.context.pool, reading.project)


@router.get("/{name}", summary="Show a deployment")
async def get_deployment(name: str, reading: Reading) -> DeploymentRow:
    """The deployment; `phase` says whether the gateway answers for it."""
    found = await queries.deployments(reading.context.pool, reading.project, name)
    if not found:
        raise Missing("deployment", name)
    return found[0]


@router.delete("/{name}", status_code=202, summary="Delete a deployment")
async def delete_deployment(project: ProjectPath, name: str, sending: Sending) -> Accepted:
    """Stop serving; the name stays taken. For Data Owners."""
    return await sending.send(
        DeleteDeployment(project=project, name=name), f"/api/projects/{project}/deployments/{name}"
    )
