"""The application: its routers, its errors, its document."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from headrace_api import health
from headrace_api.activity import routes as activity
from headrace_api.annotations import routes as annotations
from headrace_api.artifacts import routes as artifacts
from headrace_api.audit import routes as audit
from headrace_api.authorities import routes as authorities
from headrace_api.certificates import everybodys as all_certificates
from headrace_api.certificates import public as public_certificates
from headrace_api.certificates import routes as certificates
from headrace_api.consistency import routes as consistency
from headrace_api.context import Context
from headrace_api.deployments import routes as deployments
from headrace_api.errors import Problem, handle_errors
from headrace_api.external_feature_groups import routes as external_feature_groups
from headrace_api.feast import routes as feast
from headrace_api.feature_groups import routes as feature_groups
from headrace_api.feature_monitors import routes as feature_monitors
from headrace_api.feature_usage import routes as feature_usage
from headrace_api.feature_views import routes as feature_views
from headrace_api.history import routes as history
from headrace_api.identities import routes as identities
from headrace_api.kafka import routes as kafka
from headrace_api.keys import routes as keys
from headrace_api.ldap import routes as ldap
from headrace_api.limits import BodyLimit
from headrace_api.lineage import routes as lineage
from headrace_api.members import routes as members
from headrace_api.models import routes as models
from headrace_api.monitoring import routes as monitoring
from headrace_api.monitors import routes as monitors
from headrace_api.oidc import routes as oidc
from headrace_api.openlineage import ingest as openlineage_in
from headrace_api.openlineage import routes as openlineage
from headrace_api.passwords import routes as passwords
from headrace_api.personal import routes as personal
from headrace_api.precomputed_vectors import routes as precomputed_vectors
from headrace_api.progress import routes as progress
from headrace_api.projects import routes as projects
from headrace_api.reference import add_reference
from headrace_api.registry import routes as registry
from headrace_api.requests import RequestMetrics, Requests
from headrace_api.search import routes as search
from headrace_api.serving import routes as serving
from headrace_api.sessions import routes as sessions
from headrace_api.shares import feature_groups as shared_feature_groups
from headrace_api.shares import routes as shares
from headrace_api.statistics import routes as statistics
from headrace_api.storage_connectors import routes as storage_connectors
from headrace_api.streaming_feature_groups import routes as streaming_feature_groups
from headrace_api.studies import routes as studies
from headrace_api.tag_schemas import routes as tag_schemas
from headrace_api.time_travel import routes as time_travel
from headrace_api.topics import routes as topics
from headrace_api.totp import routes as totp
from headrace_api.training_datasets import routes as training_datasets
from headrace_api.transformation_functions import routes as transformation_functions
from headrace_api.usage import routes as usage
from headrace_api.users import life as users_life
from headrace_api.users import routes as users
from headrace_api.validation import routes as validation
from headrace_api.vectors import routes as vectors

ROUTERS: tuple[APIRouter, ...] = (
    vectors.router,
    feast.router,
    users.router,
    users_life.router,
    personal.router,
    keys.router,
    sessions.router,
    passwords.router,
    totp.router,
    oidc.router,
    ldap.router,
    identities.router,
    projects.router,
    usage.router,
    members.router,
    certificates.router,
    all_certificates.router,
    public_certificates.router,
    authorities.router,
    kafka.router,
    topics.router,
    shares.router,
    shared_feature_groups.router,
    feature_groups.router,
    storage_connectors.router,
    external_feature_groups.router,
    streaming_feature_groups.router,
    progress.router,
    time_travel.router,
    statistics.router,
    validation.router,
    consistency.router,
    feature_views.router,
    transformation_functions.router,
    annotations.router,
    feature_usage.router,
    tag_schemas.router,
    precomputed_vectors.router,
    history.router,
    training_datasets.router,
    studies.router,
    models.router,
    deployments.router,
    serving.router,
    monitors.router,
    feature_monitors.router,
    monitoring.router,
    artifacts.router,
    activity.router,
    audit.router,
    search.router,
    openlineage_in.router,
    openlineage.router,
    lineage.router,
)
"""In the order in which a request is held against them: first what is asked for most often, and has to be quick."""
REGISTRIES: tuple[APIRouter, ...] = (registry.platform, registry.router)
"""Routes whose errors are in Confluent's form."""

_WHY = {
    401: "no API key, an unknown or an expired one",
    403: "the caller may not",
    404: "there is no such thing, or none the caller may see",
    409: "the present state does not allow it",
    413: "the body is too large",
    429: "tried too often: wait as long as Retry-After says",
    422: "the request can never be accepted as it is",
    503: "a server behind the API does not answer: try again",
    504: "no result in time: send the same request again with the same Idempotency-Key",
}

_EARLY = "what happened at the positions in `after` does not show yet: read again"

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text} for status, text in _WHY.items()
}

_ABOUT = """\
Every change is a command that becomes an event; every answer is computed from events.

* **Writes** take an `Idempotency-Key` (a UUID): the same request with the same key happens once, and its result is
  given again. `If-Match: <version>` makes a write conditional. The answer's `Headrace-Position` says where it is.
* **Reads** take `after=<positions>` and wait for those, so that you read your writes; a `202` with code
  `not-yet-visible` asks you to read again.
* **Errors** are `{code, message, details, request_id}`.
"""


def build(opened: Callable[[], AbstractAsyncContextManager[Context]]) -> FastAPI:
    """The application, over the context that `opened` makes when serving begins."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened() as context:
            app.state.context = context
            yield

    metrics = RequestMetrics()
    app = FastAPI(
        title="Headrace",
        version=version("headrace"),
        description=_ABOUT,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation,
    )
    for router in (health.router(metrics.registry), *ROUTERS):
        for route in router.routes:
            if isinstance(route, APIRoute) and _waits(route.dependant):
                route.responses[202] = {"model": Problem, "description": _EARLY}
        app.include_router(router, responses=_PROBLEMS)
    for router in REGISTRIES:
        app.include_router(router)
    add_reference(app)
    handle_errors(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Requests, metrics=metrics)
    return app


def _waits(dependant: Dependant) -> bool:
    """Whether it, or what it depends on, takes positions to wait for."""
    waits = any(parameter.alias == "after" for parameter in dependant.query_params)
    return waits or any(_waits(needed) for needed in dependant.dependencies)


def _operation(route: APIRoute) -> str:
    """The operation's id in the document."""
    return f"{route.tags[0]}-{route.name}".replace(" ", "_")
