"""Whether the online and the offline store of a feature group say the same."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import CapacityLimiter, move_on_after
from anyio.to_thread import run_sync
from fastapi import APIRouter, Response

from headrace_api.consistency.models import Comparing
from headrace_api.errors import Busy, Missing, Unprocessable
from headrace_api.reading import ReadingData
from headrace_api.vectors.as_json import json_response
from headrace_api.versions import Version
from headrace_events.errors import Conflict
from headrace_projections.consistency.check import Behind, check
from headrace_projections.consistency.compared import Consistency
from headrace_projections.history.errors import Impossible, Unavailable
from headrace_projections.rows.catalogued import group_of

router = APIRouter(prefix="/api/projects/{project}/feature-groups/{name}/versions/{version}", tags=["consistency"])

logger = logging.getLogger("headrace.api")

_ONE = CapacityLimiter(1)
"""One at a time: each takes a processor, and memory for sorting."""
PATIENCE_S = 20.0
"""How long a comparison waits for those before it."""


@asynccontextmanager
async def turn(limiter: CapacityLimiter, seconds: float) -> AsyncIterator[None]:
    """Hold a place of the limiter; raises Busy where none gets free for that long."""
    with move_on_after(seconds) as waiting:
        await limiter.acquire()
    if waiting.cancelled_caught:
        raise Busy("other comparisons are under way: try again in a moment")
    try:
        yield
    finally:
        limiter.release()


@router.post("/consistency", summary="Compare the stores of a feature group", response_model=Consistency)
async def compare_stores(name: str, version: Version, body: Comparing, reading: ReadingData) -> Response:
    """Compare the last row of every key online and offline, after the same records of the topic.

    Equal digests prove it; where they differ, keys are named with what each store has. Rows may go on coming.
    """
    found = await group_of(reading.context.pool, reading.project, name, version)
    if found is None:
        raise Missing("feature group", f"{name} version {version}")
    settings = reading.context.settings
    try:
        async with turn(_ONE, PATIENCE_S):
            compared = await run_sync(check, settings.postgres, settings.storage, found.group, float(body.seconds))
    except Impossible as error:
        raise Unprocessable("not-in-both-stores", str(error)) from error
    except Behind as error:
        raise Conflict("offline-behind", f"{error}: try again, or with more seconds") from error
    except Unavailable as error:
        logger.warning("%s", error)
        raise Busy("the history cannot be read now: try again") from error
    return json_response(compared)
