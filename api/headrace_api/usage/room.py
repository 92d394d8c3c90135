"""Whether a project has room for more files."""

from fastapi import Request

from headrace_api.reading import Reader
from headrace_events.quota import Quota, QuotaExceeded
from headrace_projections.catalogue.queries.usage import online_bytes, quotas


async def must_have_room(reading: Reader, request: Request) -> None:
    """Raise QuotaExceeded where what is stored, and what the request announces, are more than the quota.

    A body that announces no length counts as one byte: only a project that is full already refuses it.
    """
    context, project = reading.context, reading.project
    limit = (await quotas(context.pool, project)).limit(Quota.STORAGE_BYTES)
    if limit is None:
        return
    announced = request.headers.get("content-length", "")
    asked = max(1, int(announced)) if announced.isdecimal() else 1
    files = await context.file_bytes.of(context.artifacts.artifacts, project)
    used = files + await online_bytes(context.pool, project)
    if used + asked > limit:
        raise QuotaExceeded(project, Quota.STORAGE_BYTES, limit=limit, used=used, asked=asked)
