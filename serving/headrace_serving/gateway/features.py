"""Features by key, from the online store: the port, its in-memory twin, and Postgres."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from headrace_events.errors import Invalid, NotFound
from headrace_events.external_feature_group import IsExternal
from headrace_projections.online.queries import OnlineReader, Status
from headrace_projections.online.view_vectors import ViewReader
from headrace_serving.errors import BadRequest, NotReady
from headrace_serving.gateway.directory import View
from headrace_serving.model.predictor import Value

Entry = Mapping[str, Value]
"""What a row is found by: the root's primary key, or columns that joins go by, or both."""

Found = Mapping[str, Value]
"""The view's features that the store has for an entry: name → value, times as microseconds UTC, dates as days."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class OnlineFeatures(Protocol):
    """Reads feature vectors."""

    async def find(self, project: str, view: View, entries: Sequence[Entry]) -> list[Found]:
        """What is there for each entry, in order; raises BadRequest, NotReady where the store does not answer."""
        ...


@dataclass(slots=True)
class MemoryFeatures:
    """The twin: what is found by project, view and entry."""

    held: dict[tuple[str, str, frozenset[tuple[str, Value]]], Found] = field(default_factory=dict)

    def put(self, project: str, view: str, entry: Entry, found: Found) -> None:
        """Keep something."""
        self.held[project, view, frozenset(entry.items())] = found

    async def find(self, project: str, view: View, entries: Sequence[Entry]) -> list[Found]:
        """Find each."""
        return [self.held.get((project, view.created.name, frozenset(entry.items())), {}) for entry in entries]


class StoredFeatures:
    """The online store. Made for one event loop."""

    def __init__(self, pool: Any) -> None:
        self._views = ViewReader(OnlineReader(pool))

    async def find(self, project: str, view: View, entries: Sequence[Entry]) -> list[Found]:
        """Ask Postgres, one statement a group."""
        try:
            read = await self._views.vectors(project, view.created.name, view.created.version, entries)
        except (OperationalError, PoolTimeout) as error:
            raise NotReady("the online store does not answer: try again") from error
        except NotFound as error:
            raise NotReady(f"{error.message}, or not yet: try again") from error
        except (Invalid, IsExternal) as error:
            raise BadRequest(error.message) from error
        return [
            {
                name: _plain(value)
                for name, value, status in zip(read.features, vector.values, vector.statuses, strict=True)
                if status is Status.FOUND
            }
            for vector in read.vectors
        ]


def _plain(value: Any) -> Value:
    """A stored value as a model gets it."""
    match value:
        case dt.datetime():
            return (value - _EPOCH) // dt.timedelta(microseconds=1)
        case dt.date():
            return value.toordinal() - _EPOCH.toordinal()
        case bytes():
            return value.hex()
    plain: Value = value
    return plain
