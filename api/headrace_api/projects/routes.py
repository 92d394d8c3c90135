"""Projects."""

from typing import Annotated

from fastapi import APIRouter, Query

from headrace_api.errors import Missing, Unprocessable
from headrace_api.projects.models import Description, NewProject, NewReadme
from headrace_api.reading import PlatformReading, ProjectPath, Reading
from headrace_api.sending import Accepted, PlatformSending, Sending
from headrace_events.project import (
    ArchiveProject,
    CreateProject,
    DeleteProject,
    DescribeProject,
    MarkSensitive,
    UnarchiveProject,
    UnmarkSensitive,
)
from headrace_events.readme import WriteReadme
from headrace_projections.catalogue.queries import projects as queries
from headrace_projections.catalogue.queries.projects import ProjectRow, ReadmeRow

router = APIRouter(prefix="/api/projects", tags=["projects"])


@router.post("", status_code=202, summary="Create a project")
async def create_project(body: NewProject, sending: PlatformSending) -> Accepted:
    """Ask for a project. It is ready once its topics and access rules hold: read `status_url` until then."""
    owner = body.owner or sending.actor.user
    wish = CreateProject(project=body.project, owner=owner, description=body.description, sensitive=body.sensitive)
    return await sending.send(wish, f"/api/projects/{body.project}")


@router.delete("/{project}", status_code=202, summary="Delete a project")
async def delete_project(
    project: ProjectPath,
    confirm: Annotated[str, Query(description="the project's name once more", max_length=200)],
    sending: Sending,
) -> Accepted:
    """Take a project away with its topics, rows, files and certificates; for Data Owners and administrators.

    From now on it is closed to its members, and nothing brings it back. `phase` is deleted once nothing is left of it:
    read `status_url` until then. The name stays taken.
    """
    if confirm != project:
        raise Unprocessable(
            "not-confirmed", f"to delete {project!r}, repeat its name in `confirm`", {"query.confirm": confirm}
        )
    return await sending.send(DeleteProject(project=project), f"/api/projects/{project}")


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


@router.put("/{project}/description", summary="Describe a project")
async def describe_project(project: ProjectPath, body: Description, sending: Sending) -> Accepted:
    """Say in a few words what the project is for; for Data Owners and administrators."""
    return await sending.send(DescribeProject(project=project, description=body.description))


@router.get("/{project}/readme", summary="Read a project's README")
async def get_readme(reading: Reading) -> ReadmeRow:
    """The README, in Markdown; an empty text where none was written."""
    return await queries.readme(reading.context.pool, reading.project)


@router.put("/{project}/readme", summary="Write a project's README")
async def write_readme(project: ProjectPath, body: NewReadme, sending: Sending) -> Accepted:
    """Put this text in the place of the README; for Data Owners and administrators. It is found by search."""
    return await sending.send(WriteReadme(project=project, text=body.text))


@router.post("/{project}/archive", summary="Archive a project")
async def archive_project(project: ProjectPath, sending: Sending) -> Accepted:
    """Put the project away; for Data Owners and administrators.

    It is read as before, but takes no command (409 `project-archived`) except to unarchive or delete it and for
    certificates; these only read. Deployments rest. What was begun before, such as a study, is brought to its end.
    """
    return await sending.send(ArchiveProject(project=project))


@router.post("/{project}/unarchive", summary="Unarchive a project")
async def unarchive_project(project: ProjectPath, sending: Sending) -> Accepted:
    """Take the project up again: certificates write what they wrote, deployments start again."""
    return await sending.send(UnarchiveProject(project=project))


@router.put("/{project}/sensitive", summary="Mark a project sensitive")
async def mark_sensitive(project: ProjectPath, sending: Sending) -> Accepted:
    """Keep the project's data inside; for Data Owners and administrators.

    Data Scientists use it in runs on the platform: the brokers give their certificates no data, and the API no rows,
    values or files (403 `data-stays-inside`). Nothing is shared with another project or taken from one.
    """
    return await sending.send(MarkSensitive(project=project))


@router.delete("/{project}/sensitive", summary="Mark a project sensitive no longer")
async def unmark_sensitive(project: ProjectPath, sending: Sending) -> Accepted:
    """Let the project's data out to all its members again, and its shares count again; for administrators."""
    return await sending.send(UnmarkSensitive(project=project))
