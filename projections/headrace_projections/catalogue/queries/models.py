"""Model versions and deployments."""

from collections.abc import Mapping
from datetime import datetime

from headrace_events.language import value
from headrace_events.model import TrainedOn
from headrace_projections.catalogue.queries.rows import Pool, all_of


@value
class ModelVersionRow:
    """A version of a model, with everything that went into it."""

    name: str
    version: int
    description: str
    framework: str
    artifact: str
    metrics: Mapping[str, float]
    inputs: tuple[str, ...]
    trained_on: TrainedOn | None = None
    study: str | None = None
    trial: int | None = None
    program: str | None = None
    environment: tuple[str, ...]
    created_by: str
    created_time: datetime


@value
class DeploymentRow:
    """A deployment; `phase` is created, ready, failed or deleted."""

    name: str
    model: str
    model_version: int
    replicas: int
    phase: str
    reason: str | None = None
    created_by: str
    created_time: datetime
    phase_time: datetime


async def model_versions(
    pool: Pool, project: str, name: str | None = None, version: int | None = None
) -> list[ModelVersionRow]:
    """All versions of all models, or those of that name, or the one version; the newest first."""
    query = """
        SELECT * FROM catalogue.model_versions
        WHERE project = %(project)s AND (%(name)s::text IS NULL OR name = %(name)s)
          AND (%(version)s::bigint IS NULL OR version = %(version)s)
        ORDER BY name, version DESC"""
    return await all_of(pool, ModelVersionRow, query, project=project, name=name, version=version)


async def deployments(pool: Pool, project: str, name: str | None = None) -> list[DeploymentRow]:
    """The project's deployments, deleted ones too, or the one of that name."""
    query = """
        SELECT * FROM catalogue.deployments
        WHERE project = %(project)s AND (%(name)s::text IS NULL OR name = %(name)s) ORDER BY name"""
    return await all_of(pool, DeploymentRow, query, project=project, name=name)
