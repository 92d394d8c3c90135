"""Vectors as Feast shows them: a column of values, statuses and event times for each feature."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headrace_api.errors import Unprocessable
from headrace_api.feast.models import FieldStatus
from headrace_projections.online.queries import Status, Vector
from headrace_projections.online.view_vectors import ViewVectors

NO_TIME = "1970-01-01T00:00:00Z"
"""The event time of keys, and of what is not there."""

_STATUSES = {
    Status.MISSING: FieldStatus.NOT_FOUND,
    Status.DELETED: FieldStatus.NOT_FOUND,
    Status.EXPIRED: FieldStatus.OUTSIDE_MAX_AGE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A feature's values, and the vectors of the group that gives it."""

    group: str
    name: str
    values: Sequence[Any]
    vectors: Sequence[Vector]

    def result(self) -> dict[str, Any]:
        """As an entry of `results`."""
        return {
            "values": self.values,
            "statuses": [_status(*one) for one in zip(self.vectors, self.values, strict=True)],
            "event_timestamps": [_time(vector) for vector in self.vectors],
        }


def of_view(found: ViewVectors) -> list[Column]:
    """A column for each feature of a view."""
    return [
        Column(
            group=feature.group,
            name=feature.name,
            values=[vector.values[place] for vector in found.vectors],
            vectors=[vector.groups[feature.place] for vector in found.vectors],
        )
        for place, feature in enumerate(found.columns)
    ]


def answer(entities: Mapping[str, Sequence[Any]], columns: Sequence[Column], *, full_names: bool) -> dict[str, Any]:
    """The whole answer: key columns as they were given, then the features. Raises Unprocessable where names collide."""
    names = [f"{column.group}__{column.name}" if full_names else column.name for column in columns]
    collide = sorted(name for name, count in Counter([*entities, *names]).items() if count > 1)
    if collide:
        raise Unprocessable(
            "names-collide",
            f"more than one column would be called {collide[0]!r}: ask with full_feature_names, or for less",
            {"names": collide},
        )
    keys = [
        {
            "values": values,
            "statuses": [FieldStatus.PRESENT] * len(values),
            "event_timestamps": [NO_TIME] * len(values),
        }
        for values in entities.values()
    ]
    return {
        "metadata": {"feature_names": [*entities, *names]},
        "results": [*keys, *(column.result() for column in columns)],
    }


def _status(vector: Vector, value: Any) -> FieldStatus:
    if vector.status is Status.FOUND:
        return FieldStatus.NULL_VALUE if value is None else FieldStatus.PRESENT
    return _STATUSES[vector.status]


def _time(vector: Vector) -> datetime | str:
    return NO_TIME if vector.event_time is None or vector.status is Status.DELETED else vector.event_time
