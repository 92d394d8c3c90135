"""SQL over files: the last row of each key in the history, rows in the order of keys, and what differs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from headrace_projections.consistency.compared import EVENT_TIME, KNOWN_AT, OFFSET, OPERATION, REASON, compared_schema
from headrace_projections.history.columns import counting, literal, quoted
from headrace_projections.history.moment import before
from headrace_projections.history.stored import last_places, stored_rows
from headrace_projections.history.view import GroupHistory
from headrace_projections.rows.groups import Group

ONLINE, OFFLINE = "online.", "offline."
"""What goes before the names of columns where both stores are side by side."""
ONLINE_THERE, OFFLINE_THERE = "_online", "_offline"


def in_order(group: Group, file: Path) -> str:
    """Everything in the file that is compared, in the order of keys."""
    columns = ", ".join(quoted(name) for name in compared_schema(group).names)
    return f"SELECT {columns} FROM read_parquet({literal(str(file))}) ORDER BY {_key(group)}"


def last_rows(history: GroupHistory) -> str:
    """The last row of each key by (event time, known-at, offset), deletes too, in the order of keys."""
    group = history.group
    source = stored_rows(group, [file.path for file in history.files])
    time = quoted(group.event_time or KNOWN_AT)
    columns = ", ".join(quoted(column.name) for column in group.columns)
    return f"""
        WITH last AS ({last_places(group, source, f"{before(history.ends)} AND {counting(group)}")})
        SELECT {columns}, {time} AS {EVENT_TIME}, "_known_at" AS {KNOWN_AT}, "_offset" AS {OFFSET},
               "_operation" AS {OPERATION}
        FROM {source} SEMI JOIN last USING ("_partition", "_offset") ORDER BY {_key(group)}"""


def differing(group: Group, online: Path, offline: Path, most: int | None) -> str:
    """The first so many keys on which the files differ, both sides beside each other; without a number, their count."""
    names = compared_schema(group).names
    same = " AND ".join(f"o.{quoted(name)} = f.{quoted(name)}" for name in group.primary_key)
    differ = " OR ".join(f"o.{quoted(name)} IS DISTINCT FROM f.{quoted(name)}" for name in names)
    source = f"""
        FROM (SELECT *, true AS there FROM read_parquet({literal(str(online))})) o
        FULL OUTER JOIN (SELECT *, true AS there FROM read_parquet({literal(str(offline))})) f ON {same}
        WHERE o.there IS NULL OR f.there IS NULL OR {differ}"""
    if most is None:
        return f"SELECT count(*) AS different {source}"
    both = ", ".join(f"{side}.{quoted(name)} AS {quoted(at + name)}" for side, at in _SIDES for name in names)
    key = ", ".join(f"coalesce(o.{quoted(name)}, f.{quoted(name)})" for name in group.primary_key)
    there = f"o.there AS {ONLINE_THERE}, f.there AS {OFFLINE_THERE}, o.{REASON} AS {REASON}"
    return f"SELECT {both}, {there} {source} ORDER BY {key} LIMIT {most}"


def differing_schema(group: Group) -> Any:
    """Arrow's schema of the keys that differ."""
    fields: Sequence[Any] = list(compared_schema(group))
    both = [field.with_name(at + field.name) for _, at in _SIDES for field in fields]
    there = [(ONLINE_THERE, pa.bool_()), (OFFLINE_THERE, pa.bool_()), (REASON, pa.string())]
    return pa.schema([*both, *(pa.field(name, kind) for name, kind in there)])


COUNTED = pa.schema([pa.field("different", pa.int64())])

_SIDES = (("o", ONLINE), ("f", OFFLINE))


def _key(group: Group) -> str:
    return ", ".join(quoted(name) for name in group.primary_key)
