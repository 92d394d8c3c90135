"""Where predictions are asked for."""

from fastapi import APIRouter

from headrace_api.errors import Missing
from headrace_api.reading import Reading
from headrace_api.serving.models import ServingAddress

router = APIRouter(prefix="/api/projects/{project}/serving", tags=["deployments"])


@router.get("", summary="Where predictions are asked for")
async def serving_address(reading: Reading) -> ServingAddress:
    """The address of the gateway for this project; 404 where no gateway runs."""
    gateway = reading.context.settings.serving
    if not gateway:
        raise Missing("gateway", reading.project)
    return ServingAddress(url=f"{gateway}/projects/{reading.project}")
