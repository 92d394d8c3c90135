"""Streaming feature groups; everything else about them is as of any feature group."""

from fastapi import APIRouter

from headrace_api.reading import ProjectPath
from headrace_api.sending import Accepted, Sending
from headrace_api.streaming_feature_groups.models import NewStreamingFeatureGroup

router = APIRouter(prefix="/api/projects/{project}/streaming-feature-groups", tags=["streaming feature groups"])


@router.post("", status_code=202, summary="Create a streaming feature group")
async def create_streaming_feature_group(
    project: ProjectPath, body: NewStreamingFeatureGroup, sending: Sending
) -> Accepted:
    """Make a version whose rows the platform computes from another group's rows; for Data Owners.

    A row says, as of the end of its windows, what they hold. It is written once the source has come so far in event
    time, and again when rows come late.
    """
    return await sending.send(body.wish(project), f"/api/projects/{project}/feature-groups/{body.name}")
