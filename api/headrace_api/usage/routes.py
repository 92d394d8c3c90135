"""Quotas, and how much of them is in use."""

from typing import Annotated

from fastapi import APIRouter, Path

from headrace_api.reading import ProjectPath, Reading
from headrace_api.sending import Accepted, Sending
from headrace_api.usage.models import NewLimit
from headrace_events.quota import Quota
from headrace_events.quota_setting import SetQuota
from headrace_projections.catalogue.queries import usage as queries
from headrace_projections.catalogue.queries.usage import UsageRow

router = APIRouter(prefix="/api/projects/{project}", tags=["quotas"])

QuotaPath = Annotated[Quota, Path(description="which quota")]


@router.get("/usage", summary="Show how much of its quotas a project uses")
async def get_usage(reading: Reading) -> list[UsageRow]:
    """Every quota: how much is in use, of how much, what is counted, and who keeps the project within it."""
    context = reading.context
    stored = await context.file_bytes.of(context.artifacts.artifacts, reading.project)
    return await queries.usage(context.pool, reading.project, stored)


@router.put("/quotas/{quota}", summary="Set a quota")
async def set_quota(project: ProjectPath, quota: QuotaPath, body: NewLimit, sending: Sending) -> Accepted:
    """Let the project have that much of it; for administrators."""
    return await sending.send(SetQuota(project=project, quota=quota.value, limit=body.limit))


@router.delete("/quotas/{quota}", summary="Reset a quota")
async def reset_quota(project: ProjectPath, quota: QuotaPath, sending: Sending) -> Accepted:
    """Let the project have what the platform's table says; for administrators."""
    return await sending.send(SetQuota(project=project, quota=quota.value, limit=None))
