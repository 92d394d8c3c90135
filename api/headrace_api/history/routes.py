"""Features as they were at a time, joined point in time from the offline store."""

from collections.abc import Sequence
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Response

from headrace_api.errors import Missing
from headrace_api.history.models import PastEntries, PastVectors
from headrace_api.reading import ReadingData
from headrace_api.time_travel.moments import told_of_history
from headrace_api.vectors.as_json import json_response
from headrace_api.versions import Version
from headrace_events.errors import Invalid
from headrace_events.ids import Micros
from headrace_projections.history.catalogued import CataloguedView, catalogued_view
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Impossible
from headrace_projections.history.positions import written
from headrace_projections.history.vectors import vectors_as_of
from headrace_projections.online.entities import key_value

router = APIRouter(prefix="/api/projects/{project}", tags=["vectors"])

_ENGINE = Engine(memory_mib=512)


@router.post(
    "/feature-views/{name}/versions/{version}/vectors-as-of",
    summary="Read feature vectors as they were",
    response_model=PastVectors,
)
async def read_past_vectors(name: str, version: Version, body: PastEntries, reading: ReadingData) -> Response:
    """For each entry, what the features without labels were at its time: what was served then, or should have been."""
    with told_of_history():
        found = await catalogued_view(reading.context.pool, reading.project, name, version)
        if found is None:
            raise Missing("feature view", f"{name} version {version}")
        times = [_micros(time) for time in body.times]
        answer = await run_sync(answered, found, reading.context.settings.storage, body, times)
    return json_response(answer)


def answered(view: CataloguedView, storage: str, body: PastEntries, times: Sequence[Micros]) -> dict[str, Any]:
    """The vectors, as the online ones are; raises HistoryError."""
    history, ends = view.history(storage, body.positions)
    table = vectors_as_of(history, body.entries, times, _ENGINE)
    return {
        "features": table.column_names,
        "vectors": [list(row.values()) for row in table.to_pylist(maps_as_pydicts="strict")],
        "positions": written(ends),
    }


def _micros(text: str) -> Micros:
    try:
        return Micros(int(key_value("timestamp", text)))
    except Invalid:
        raise Impossible(f"{text[:80]!r} is no time: use ISO 8601") from None
