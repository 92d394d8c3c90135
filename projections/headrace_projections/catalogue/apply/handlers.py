"""The register of the catalogue's handlers, and what several of them write."""

import math
from collections.abc import Mapping
from typing import Any

from headrace_events.envelope import Recorded
from headrace_projections.changes import Handlers, moment
from headrace_schemas.records import to_record

handlers = Handlers("catalogue")
on = handlers.on


def stamped(prefix: str, at: Recorded) -> dict[str, Any]:
    """`<prefix>_seq` and `<prefix>_time` of the event."""
    return {f"{prefix}_seq": at.seq, f"{prefix}_time": moment(at.time)}


def authored(prefix: str, at: Recorded) -> dict[str, Any]:
    """As `stamped`, with `<prefix>_by`, the actor."""
    return {f"{prefix}_by": at.actor, **stamped(prefix, at)}


def project_of(at: Recorded) -> str:
    """The project of a project's event; '' for the platform's."""
    return at.project or ""


def number(value: float) -> float | str:
    """A number as it goes into a column; JSON, on the way there, has no infinity and no NaN."""
    return value if math.isfinite(value) else str(value)


def record(value: object | None) -> Mapping[str, Any] | None:
    """A value of an event as it goes into a jsonb column."""
    return None if value is None else to_record(value)


def records(values: tuple[object, ...]) -> list[Mapping[str, Any]]:
    """Several values of an event as they go into one jsonb column."""
    return [to_record(value) for value in values]
