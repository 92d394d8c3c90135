"""Vectors of feature views that are kept ready."""

import logging

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Response

from headrace_api.errors import Busy, Missing
from headrace_api.precomputed_vectors.models import Precomputed
from headrace_api.reading import ProjectPath, Reading, ReadingData
from headrace_api.sending import Accepted, Sending
from headrace_api.vectors.as_json import json_response
from headrace_api.versions import Version
from headrace_events.errors import Conflict
from headrace_events.feature_view_precomputing import PrecomputeFeatureView, StopPrecomputingFeatureView
from headrace_projections.catalogue.queries import feature_views as queries
from headrace_projections.catalogue.queries.feature_views import FeatureViewRow
from headrace_projections.consistency.vectors import NotReady, VectorConsistency, check_vectors
from headrace_projections.online.ready_vectors import ready_table
from headrace_projections.rows.catalogued import CataloguedGroup, group_of

router = APIRouter(
    prefix="/api/projects/{project}/feature-views/{name}/versions/{version}/precomputed", tags=["precomputed vectors"]
)

logger = logging.getLogger("headrace.api")

_ONE = CapacityLimiter(1)
"""One comparison at a time: each takes a processor."""


@router.put("", summary="Keep the vectors of a feature view ready")
async def precompute(project: ProjectPath, name: str, version: Version, sending: Sending) -> Accepted:
    """Keep one row an entity from now on, written with the rows of the groups; for Data Owners.

    Refused with `not-precomputable` where the groups do not have one key. Reads are the same before and after; the
    address below says when they come from it.
    """
    return await sending.send(PrecomputeFeatureView(project=project, name=name, version=version))


@router.delete("", summary="Keep the vectors of a feature view ready no more")
async def stop_precomputing(project: ProjectPath, name: str, version: Version, sending: Sending) -> Accepted:
    """Put vectors together when they are asked for, as without; for Data Owners."""
    return await sending.send(StopPrecomputingFeatureView(project=project, name=name, version=version))


@router.get("", summary="Show whether vectors are kept ready")
async def show_precomputed(name: str, version: Version, reading: Reading) -> Precomputed:
    """Whether it was asked for, and whether what was there before is taken over."""
    view = await _view(reading, name, version)
    ready = view.precomputed and await ready_table(reading.context.pool, reading.project, name, version) is not None
    return Precomputed(precomputed=view.precomputed, ready=ready)


@router.post("/consistency", summary="Compare vectors with the rows of groups", response_model=VectorConsistency)
async def compare_vectors(name: str, version: Version, reading: ReadingData) -> Response:
    """Compare every vector with what the groups' rows make, at one moment; rows may go on coming."""
    view = await _view(reading, name, version)
    pool, project = reading.context.pool, reading.project
    table = await ready_table(pool, project, name, version)
    if table is None:
        raise Conflict("vectors-not-ready", f"the vectors of {name!r} version {version} are not kept ready, or not yet")
    groups: list[CataloguedGroup] = []
    for selection in (view.root, *(join.selection for join in view.joins)):
        group = await group_of(pool, project, selection.group, selection.version)
        if group is not None:
            groups.append(group)
    dsn = reading.context.settings.postgres
    try:
        compared = await run_sync(check_vectors, dsn, table, [one.group for one in groups], limiter=_ONE)
    except NotReady as error:
        logger.warning("%s", error)
        raise Busy(f"the vectors cannot be compared now: {error}") from error
    return json_response(compared)


async def _view(reading: Reading, name: str, version: int) -> FeatureViewRow:
    found = await queries.feature_views(reading.context.pool, reading.project, name, version)
    if not found:
        raise Missing("feature view", f"{name} version {version}")
    return found[0]
