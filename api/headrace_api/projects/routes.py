"""Projects."""

from fastapi import APIRouter

from headrace_api.errors import Missing
from headrace_api.projects.models import NewProject
from headrace_api.reading import PlatformReading, Reading
from headrace_api.sending import Accepted, PlatformSending
from headrace_events.project import CreateProject
from headrace_projections.catalogue.queries import projects as queries
from headrace_projections.catalogue.queries.projects import ProjectRow

router = APIRouter(prefix="/api/projects", tags=["projects"])


@router.post("", status_code=202, summary="Create a project")
async def create_project(body: NewProject, sending: PlatformSending) -> Accepted:
    """Ask for a project. It is ready once its topics and access rules hold: read `status_url` until then."""
    owner = body.owner or sending.actor.user
    wish = CreateProject(project=body.project, owner=owner, description=body.description)
    return await sending.send(wish, f"/api/projects/{body.project}")


@router.get("", summary="List projects")
async def list_projects(reading: PlatformReading) -> list[ProjectRow]:
    """The caller's projects, or for administrators all of them."""
    of = None if reading.administrator else reading.actor.user
    found = await queries.projects(reading.context.pool, of)
    return [row for row in found if reading.actor.limited_to in {None, row.project}]


@router.get("/{project}", summary="Show a project")
async def get_project(reading: Reading) -> ProjectRow:
    """The project; `phase` says whether it is ready."""
    found = await queries.project(reading.context.pool, reading.project)
    if found is None:
        raise Missing("project", reading.project)
    return found
