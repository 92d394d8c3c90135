"""Vectors as an Arrow IPC stream, for whoever asks with `Accept: application/vnd.apache.arrow.stream`."""

import io
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pyarrow as pa
from fastapi import Depends, Request

from headrace_api.vectors.passed import passed_value
from headrace_events.errors import Invalid
from headrace_projections.offline.arrow import TYPES
from headrace_projections.online.queries import Status, Vector
from headrace_projections.online.view_vectors import ViewVectors

MEDIA_TYPE = "application/vnd.apache.arrow.stream"
STATUS = "_status"
STATUSES = "_statuses"
EVENT_TIME = "_event_time"


async def _asked_for(request: Request) -> bool:
    return MEDIA_TYPE in request.headers.get("accept", "")


WantsArrow = Annotated[bool, Depends(_asked_for)]
"""Whether the caller takes Arrow rather than JSON."""


def group_stream(types: Mapping[str, str], vectors: Sequence[Vector]) -> bytes:
    """A row a key: the group's columns (name → type), `_status` and `_event_time`."""
    columns = {
        name: _column(name, kind, [vector.values.get(name) for vector in vectors]) for name, kind in types.items()
    }
    columns[STATUS] = pa.array([str(vector.status) for vector in vectors], pa.string())
    columns[EVENT_TIME] = pa.array([vector.event_time for vector in vectors], TYPES["timestamp"])
    return _stream(columns)


def view_stream(found: ViewVectors) -> bytes:
    """A row an entry: the view's features, `_status`, and `_statuses` with one for each feature. Raises Invalid."""
    different = {id(vector.statuses): vector.statuses for vector in found.vectors}
    texts = {which: list(map(str, statuses)) for which, statuses in different.items()}
    passed = any(Status.PASSED in statuses for statuses in different.values())
    rows = (vector.values for vector in found.vectors)
    by_feature: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * len(found.columns)
    columns: dict[str, Any] = {}
    for place, (feature, values) in enumerate(zip(found.columns, by_feature, strict=True)):
        typed = _with_passed(found, place, feature.type) if passed else values
        columns[feature.name] = _column(feature.name, feature.type, typed)
    columns[STATUS] = pa.array([vector.status for vector in found.vectors], pa.string())
    columns[STATUSES] = pa.array([texts[id(vector.statuses)] for vector in found.vectors], pa.list_(pa.string()))
    return _stream(columns)


def _with_passed(found: ViewVectors, place: int, kind: str) -> list[Any]:
    """The values of a feature, in its type also where the caller has passed them."""
    return [
        _typed(kind, vector.values[place]) if vector.statuses[place] is Status.PASSED else vector.values[place]
        for vector in found.vectors
    ]


def _column(name: str, kind: str, values: Sequence[Any]) -> Any:
    try:
        return pa.array(values, TYPES[kind])
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        raise _unfit(name, kind, error) from None


def _typed(kind: str, value: Any) -> Any:
    """What was passed as JSON has it, as the type it stands for."""
    try:
        return passed_value(kind, value)
    except (ValueError, OverflowError) as error:
        raise _unfit(str(value)[:80], kind, error) from None


def _unfit(what: str, kind: str, error: Exception) -> Invalid:
    return Invalid("invalid-passed-features", f"what is passed for {what!r} is no {kind}: {error}")


def _stream(columns: Mapping[str, Any]) -> bytes:
    table = pa.table(dict(columns))
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()
