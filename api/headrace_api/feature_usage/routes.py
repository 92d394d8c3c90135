"""Who uses which feature, and which ones nobody uses."""

from typing import Annotated

from fastapi import APIRouter, Path

from headrace_api.errors import Missing
from headrace_api.reading import Reading
from headrace_api.versions import Version
from headrace_projections.catalogue.queries import feature_usage as queries
from headrace_projections.catalogue.queries.feature_usage import FeatureUse, UnusedFeatures

router = APIRouter(prefix="/api/projects/{project}", tags=["feature usage"])


@router.get("/feature-groups/{name}/versions/{version}/usage", summary="Show who uses a feature group's features")
async def get_usage(name: Annotated[str, Path(max_length=200)], version: Version, reading: Reading) -> list[FeatureUse]:
    """For each feature, the views that read it, the models that learnt from it, the deployments that serve these."""
    found = await queries.usage(reading.context.pool, reading.project, name, version)
    if found is None:
        raise Missing("feature group", f"{name} version {version}")
    return list(found)


@router.get("/unused-features", summary="List features that nobody uses")
async def list_unused_features(reading: Reading) -> list[UnusedFeatures]:
    """The features of each version of a group that no view reads, of this project or of one it is shared with."""
    return await queries.unused_features(reading.context.pool, reading.project)
