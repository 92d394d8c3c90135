"""Whether this process does its work, and its figures for Prometheus."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from headrace_api.context import Here
from headrace_api.errors import Busy
from headrace_api.kinds import of_kind


def router(registry: CollectorRegistry) -> APIRouter:
    """The routes, over that registry."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/healthz", summary="Is the API at work")
    async def healthz(context: Here) -> dict[str, str]:
        """200 while results and credentials are followed, else 503. What the log or the database do is their own."""
        if not context.commands.healthy:
            raise Busy("results of commands are not read any more")
        if not context.credentials.healthy:
            raise Busy("credentials are not followed any more")
        return {"status": "ok"}

    @routes.get(
        "/metrics", summary="Figures for Prometheus", response_class=Response, responses=of_kind(CONTENT_TYPE_LATEST)
    )
    async def metrics() -> Response:
        """Requests by route and status, and their latency."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return routes
