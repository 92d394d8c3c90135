"""Windows and alerts of a deployment."""

from typing import Annotated

from fastapi import APIRouter, Query

from headrace_api.errors import Missing
from headrace_api.monitoring.models import Windows
from headrace_api.reading import Reading
from headrace_projections.catalogue.queries import models as deployments
from headrace_projections.catalogue.queries import monitors
from headrace_projections.catalogue.queries.monitors import AlertRow
from headrace_projections.monitoring import queries

router = APIRouter(prefix="/api/projects/{project}/deployments/{deployment}/monitoring", tags=["monitoring"])

Feature = Annotated[
    str | None, Query(description="one value only: an input by its name, `@prediction` or `@latency_ms`")
]


@router.get("/windows", summary="Show a deployment's windows")
async def get_windows(deployment: str, reading: Reading, feature: Feature = None) -> Windows:
    """Counts, latency, quality and drift per window of event time; empty while there is no monitor.

    PSI is against the training data of the model version, with 1e-6 added to every bin's share; see `psi_by_chance`
    before you believe a small window.
    """
    pool, project = reading.context.pool, reading.project
    await _must_exist(reading, deployment)
    return Windows(
        reference=await queries.reference(pool, project, deployment),
        windows=await queries.windows(pool, project, deployment),
        features=await queries.features(pool, project, deployment, feature),
        unmatched_outcomes=await queries.unmatched_outcomes(pool, project),
    )


@router.get("/alerts", summary="List a deployment's alerts")
async def list_deployment_alerts(deployment: str, reading: Reading) -> list[AlertRow]:
    """Alerts of the deployment, open and resolved, the last opened first."""
    await _must_exist(reading, deployment)
    return await monitors.alerts(reading.context.pool, reading.project, deployment)


async def _must_exist(reading: Reading, deployment: str) -> None:
    if not await deployments.deployments(reading.context.pool, reading.project, deployment):
        raise Missing("deployment", deployment)
