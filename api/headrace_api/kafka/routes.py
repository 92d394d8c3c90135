"""How to reach Kafka as a member, and everything else a job's environment holds."""

import time

from fastapi import APIRouter

from headrace_api.errors import Missing, Unprocessable
from headrace_api.kafka.models import Environment, KafkaAddress, NewEnvironment
from headrace_api.keys.routes import issue
from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import PlatformSending
from headrace_projections.catalogue.queries import access, projects

router = APIRouter(prefix="/api/projects/{project}", tags=["kafka"])

LONGEST_US = 7 * 24 * 3600 * 1_000_000


@router.get("/kafka", summary="How to reach Kafka")
async def kafka_address(reading: Reading) -> KafkaAddress:
    """Brokers, prefix and chain; ask for a certificate beside it."""
    context = reading.context
    return KafkaAddress(
        bootstrap=context.settings.connection.bootstrap,
        group_prefix=f"{reading.project}.",
        ca_chain=context.ca_chain(),
    )


@router.post("/environment", status_code=201, summary="Issue an environment")
async def issue_environment(
    project: ProjectPath, body: NewEnvironment, reading: Reading, sending: PlatformSending
) -> Environment:
    """A key limited to the project, and every address: for oneself, or as an administrator for a member."""
    context = reading.context
    user = body.user
    if user is None:
        found = await projects.project(context.pool, project)
        user = found.owner if found is not None and reading.administrator else reading.actor.user
    if (await access.access_of(context.pool, project, user)).role is None:
        raise Missing("member", user)
    if body.expires > time.time_ns() // 1000 + LONGEST_US:
        raise Unprocessable("expires-too-late", "an environment lasts a week at most", {"body.expires": "too late"})
    key = await issue(sending, user, project, body.expires, chosen=sending.actor.scopes)
    return Environment(
        **key.model_dump(),
        api=context.settings.url,
        bootstrap=context.settings.connection.bootstrap,
        group_prefix=f"{project}.",
        ca_chain=context.ca_chain(),
        registry=f"{context.settings.url}/api/projects/{project}/registry",
        serving=f"{context.settings.serving}/projects/{project}" if context.settings.serving else "",
    )
