"""Feature groups."""

from fastapi import APIRouter

from headrace_api.errors import Missing
from headrace_api.feature_groups.models import MoreFeatures, NewFeatureGroup
from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import Accepted, Sending
from headrace_api.versions import Version
from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.feature_group_clearing import ClearFeatureGroup
from headrace_events.feature_group_life import DeleteFeatureGroup
from headrace_projections.catalogue.queries import feature_groups as queries
from headrace_projections.catalogue.queries.feature_groups import FeatureGroupRow

router = APIRouter(prefix="/api/projects/{project}/feature-groups", tags=["feature groups"])


@router.post("", status_code=202, summary="Create a feature group")
async def create_feature_group(project: ProjectPath, body: NewFeatureGroup, sending: Sending) -> Accepted:
    """Make a version of a feature group, with its schema and topic; for Data Owners.

    Which version it became, `activity/commands/{command_id}` tells; rows are taken once `topic_phase` is open.
    """
    return await sending.send(
        body.command(CreateFeatureGroup, project=project), f"/api/projects/{project}/feature-groups/{body.name}"
    )


@router.post("/{name}/versions/{version}/features", status_code=202, summary="Append features")
async def append_features(
    project: ProjectPath, name: str, version: Version, body: MoreFeatures, sending: Sending
) -> Accepted:
    """Add columns to a version, after those it has; for Data Owners.

    Rows written before, or with an earlier schema, have the defaults. Rows with the new columns are taken once the
    version shows the new `schema_id`.
    """
    return await sending.send(
        body.wish(project, name, version), f"/api/projects/{project}/feature-groups/{name}/versions/{version}"
    )


@router.get("", summary="List feature groups")
async def list_feature_groups(reading: Reading) -> list[FeatureGroupRow]:
    """All versions of all feature groups, by name, the newest first."""
    return await queries.feature_groups(reading.context.pool, reading.project)


@router.get("/{name}", summary="List a feature group's versions")
async def get_feature_group(name: str, reading: Reading) -> list[FeatureGroupRow]:
    """All versions, the newest first."""
    found = await queries.feature_groups(reading.context.pool, reading.project, name)
    if not found:
        raise Missing("feature group", name)
    return found


@router.get("/{name}/versions/{version}", summary="Show a version of a feature group")
async def get_feature_group_version(name: str, version: Version, reading: Reading) -> FeatureGroupRow:
    """The version with its columns, topic and schema."""
    found = await queries.feature_groups(reading.context.pool, reading.project, name, version)
    if not found:
        raise Missing("feature group", f"{name} version {version}")
    return found[0]


@router.delete("/{name}/versions/{version}", summary="Delete a version of a feature group")
async def delete_feature_group(project: ProjectPath, name: str, version: Version, sending: Sending) -> Accepted:
    """Take the version away with its topic and all its rows; for Data Owners. Name and version are never used again.

    Refused with `feature-group-in-use` while a view, a training dataset in the making or an accepted share needs it.
    """
    return await sending.send(DeleteFeatureGroup(project=project, name=name, version=version))


@router.post("/{name}/versions/{version}/clear", status_code=202, summary="Clear a version of a feature group")
async def clear_feature_group(project: ProjectPath, name: str, version: Version, sending: Sending) -> Accepted:
    """Let no row count that is in the version's topic now; the version stays. For Data Owners.

    It is done once `clears` is what `clears_asked` became; rows count from the positions `cleared` on. Refused with
    `feature-group-in-use` while a training dataset is being made of it.
    """
    wish = ClearFeatureGroup(project=project, name=name, version=version)
    return await sending.send(wish, f"/api/projects/{project}/feature-groups/{name}/versions/{version}")
