"""Feature groups that are queries on other databases; no server of ours opens those."""

from fastapi import APIRouter

from headrace_api.errors import Missing
from headrace_api.external_feature_groups.models import NewExternalFeatureGroup
from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import Accepted, Sending
from headrace_api.versions import Version
from headrace_events.external_feature_group import CreateExternalFeatureGroup, DeleteExternalFeatureGroup
from headrace_projections.catalogue.queries import external_feature_groups as queries
from headrace_projections.catalogue.queries.external_feature_groups import ExternalFeatureGroupRow

router = APIRouter(prefix="/api/projects/{project}/external-feature-groups", tags=["external feature groups"])


@router.post("", status_code=201, summary="Create an external feature group")
async def create_external_feature_group(
    project: ProjectPath, body: NewExternalFeatureGroup, sending: Sending
) -> Accepted:
    """Make a version of a feature group that is one SELECT on a storage connector's database; for Data Owners.

    The query is not tried here: whoever reads the group asks it. Names and versions are shared with feature groups.
    """
    return await sending.send(body.command(CreateExternalFeatureGroup, project=project))


@router.get("", summary="List external feature groups")
async def list_external_feature_groups(reading: Reading) -> list[ExternalFeatureGroupRow]:
    """All versions of all of them, by name, the newest first."""
    return await queries.external_feature_groups(reading.context.pool, reading.project)


@router.get("/{name}", summary="List an external feature group's versions")
async def get_external_feature_group(name: str, reading: Reading) -> list[ExternalFeatureGroupRow]:
    """All versions, the newest first."""
    found = await queries.external_feature_groups(reading.context.pool, reading.project, name)
    if not found:
        raise Missing("external feature group", name)
    return found


@router.get("/{name}/versions/{version}", summary="Show a version of an external feature group")
async def get_external_feature_group_version(name: str, version: Version, reading: Reading) -> ExternalFeatureGroupRow:
    """The version with its columns, connector and query."""
    found = await queries.external_feature_groups(reading.context.pool, reading.project, name, version)
    if not found:
        raise Missing("external feature group", f"{name} version {version}")
    return found[0]


@router.delete("/{name}/versions/{version}", summary="Delete a version of an external feature group")
async def delete_external_feature_group(
    project: ProjectPath, name: str, version: Version, sending: Sending
) -> Accepted:
    """Take the version away; for Data Owners. The database is left as it is.

    Refused with `feature-group-in-use` while a view needs it.
    """
    return await sending.send(DeleteExternalFeatureGroup(project=project, name=name, version=version))
