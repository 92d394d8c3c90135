"""Feature views."""

from fastapi import APIRouter

from headrace_api.errors import Missing
from headrace_api.feature_views.models import NewFeatureView
from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import Accepted, Sending
from headrace_api.versions import Version
from headrace_events.feature_view import CreateFeatureView
from headrace_events.feature_view_life import DeleteFeatureView
from headrace_projections.catalogue.queries import feature_views as queries
from headrace_projections.catalogue.queries.feature_views import FeatureViewRow

router = APIRouter(prefix="/api/projects/{project}/feature-views", tags=["feature views"])


@router.post("", status_code=201, summary="Create a feature view")
async def create_feature_view(project: ProjectPath, body: NewFeatureView, sending: Sending) -> Accepted:
    """Make a version of a view; it never changes. Which version it became, `activity/commands/{command_id}` tells."""
    return await sending.send(body.command(CreateFeatureView, project=project))


@router.get("", summary="List feature views")
async def list_feature_views(reading: Reading) -> list[FeatureViewRow]:
    """All versions of all views, by name, the newest first."""
    return await queries.feature_views(reading.context.pool, reading.project)


@router.get("/{name}", summary="List a feature view's versions")
async def get_feature_view(name: str, reading: Reading) -> list[FeatureViewRow]:
    """All versions, the newest first."""
    found = await queries.feature_views(reading.context.pool, reading.project, name)
    if not found:
        raise Missing("feature view", name)
    return found


@router.get("/{name}/versions/{version}", summary="Show a version of a feature view")
async def get_feature_view_version(name: str, version: Version, reading: Reading) -> FeatureViewRow:
    """The version with its groups, joins and labels."""
    found = await queries.feature_views(reading.context.pool, reading.project, name, version)
    if not found:
        raise Missing("feature view", f"{name} version {version}")
    return found[0]


@router.delete("/{name}/versions/{version}", summary="Delete a version of a feature view")
async def delete_feature_view(project: ProjectPath, name: str, version: Version, sending: Sending) -> Accepted:
    """Take the version away; its name and version are never used again.

    Refused with `feature-view-in-use` while a training dataset of it is there or in the making, or a model or a
    deployment has come of one.
    """
    return await sending.send(DeleteFeatureView(project=project, name=name, version=version))
