"""What changed in a group between two moments: rows that were inserted, updated and deleted.

A row of a group is what it says of a key at an event time (of a key, in a group without event time), and its last
version by (known-at, offset) counts. A change is a row whose last version is another one at the end than at the start.
"""

from collections.abc import Iterator, Sequence

from headrace_projections.history.columns import quoted
from headrace_projections.history.engine import Engine
from headrace_projections.history.moment import Moment
from headrace_projections.offline.arrow import schema_of
from headrace_projections.offline.queries import all_rows, streamed
from headrace_projections.rows.groups import Group

VERSION = '"_known_at" DESC, "_offset" DESC, "_partition" DESC'
"""SQL: the versions of one row, the last one first."""


def changed_rows(
    storage: str, group: Group, start: Moment, end: Moment, engine: Engine | None = None
) -> Iterator[bytes]:
    """The last version of each changed row as an Arrow IPC stream, in the order of the log.

    `_operation` is `insert` (there was no such row), `update` (there was) or `delete`. Raises Unavailable.
    """
    return streamed(storage, group, lambda files: _query(group, files, start, end), engine)


def identity(group: Group) -> str:
    """SQL: the columns that make two versions those of one row."""
    event_time = (group.event_time,) if group.event_time and group.event_time not in group.primary_key else ()
    return ", ".join(quoted(name) for name in (*group.primary_key, *event_time))


def _query(group: Group, files: Sequence[str], start: Moment, end: Moment) -> str:
    of_row = identity(group)
    columns = ", ".join(
        "CASE WHEN _operation = 'delete' THEN 'delete' WHEN _was = 'upsert' THEN 'update' ELSE 'insert' END"
        " AS _operation"
        if name == "_operation"
        else quoted(name)
        for name in schema_of(group).names
    )
    return f"""
        WITH there AS NOT MATERIALIZED ({all_rows(group, files, end.condition)}),
        touched AS (SELECT DISTINCT {of_row} FROM there WHERE NOT {start.condition}),
        versions AS (
            SELECT *, {start.condition} AS _before,
                max_by(_operation, {{'known': _known_at, 'offset': _offset, 'partition': _partition}})
                    FILTER (WHERE {start.condition}) OVER (PARTITION BY {of_row}) AS _was
            FROM there SEMI JOIN touched USING ({of_row})
            QUALIFY row_number() OVER (PARTITION BY {of_row} ORDER BY {VERSION}) = 1)
        SELECT {columns} FROM versions WHERE NOT _before ORDER BY _partition, _offset"""
