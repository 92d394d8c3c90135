"""What is compared of a row, and what comes of comparing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from headrace_projections.offline.arrow import TYPES
from headrace_projections.rows.groups import Group

EVENT_TIME, KNOWN_AT, OFFSET, OPERATION, REASON = "_event_time", "_known_at", "_offset", "_operation", "_reason"
TIME = TYPES["timestamp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDigest:
    """A store's last rows: how many keys, how many of them deleted, and SHA-256 over all rows in the order of keys."""

    keys: int
    deleted: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDifference:
    """A key on which the stores differ, and what each has in the columns that do; None where it has no row."""

    key: Mapping[str, Any]
    online: Mapping[str, Any] | None
    offline: Mapping[str, Any] | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """Both stores of a group after the same records of its topic.

    `positions` are the next offsets up to which both were compared. Of the keys that differ the first ones are named.
    """

    equal: bool
    positions: tuple[str, ...]
    online: StoreDigest
    offline: StoreDigest
    different: int
    differences: tuple[KeyDifference, ...]


def compared_schema(group: Group) -> Any:
    """Arrow's schema of what is compared: the group's columns, and the row's order, place and kind."""
    columns = [pa.field(column.name, TYPES[column.type]) for column in group.columns]
    log = [(EVENT_TIME, TIME), (KNOWN_AT, TIME), (OFFSET, pa.int64()), (OPERATION, pa.string())]
    return pa.schema([*columns, *(pa.field(name, kind) for name, kind in log)])
