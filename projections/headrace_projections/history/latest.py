"""The last version of each row: per key and event time, by (known-at, offset), as of positions."""

from collections.abc import Iterable, Mapping

from headrace_projections.history.columns import SQL_TYPES, counting, quoted, typed_as, types_of
from headrace_projections.history.moment import before
from headrace_projections.history.stored import stored_rows
from headrace_projections.history.view import GroupHistory

TIME = "_t"
"""The event time inside a query, microseconds UTC."""
GONE = "_gone"
"""Whether the row is a delete."""


def latest_versions(
    history: GroupHistory, columns: Iterable[str], *, earliest: int | None = None, latest: int | None = None
) -> str:
    """SQL: one row per key and event time in [earliest, latest], with these columns, TIME and GONE.

    A group without event time has one row per key, its last, at the time the log took it; bounds leave none out there.
    """
    group = history.group
    types = types_of(group.columns)
    wanted = dict.fromkeys((*group.primary_key, *columns))
    if group.event_time is None:
        earliest = latest = None
    files = history.between(earliest, latest)
    if not files:
        return _nothing(types, wanted)
    time = f"epoch_us({quoted(group.event_time or '_known_at')})"
    inner = ", ".join(f"{typed_as(name, types[name])} AS {quoted(name)}" for name in wanted)
    conditions = [before(history.ends), counting(group)]
    conditions += [f"{time} >= {earliest}"] if earliest is not None else []
    conditions += [f"{time} <= {latest}"] if latest is not None else []
    version = [quoted(name) for name in group.primary_key] + ([time] if group.event_time else [])
    return f"""
        SELECT {inner}, {time} AS {TIME}, "_operation" = 'delete' AS {GONE}
        FROM {stored_rows(group, files)}
        WHERE {" AND ".join(conditions)}
        QUALIFY row_number() OVER (
            PARTITION BY {", ".join(version)}
            ORDER BY {time} DESC, "_known_at" DESC, "_offset" DESC, "_partition" DESC
        ) = 1"""


def _nothing(types: Mapping[str, str], wanted: Iterable[str]) -> str:
    columns = ", ".join(f"CAST(NULL AS {SQL_TYPES[types[name]]}) AS {quoted(name)}" for name in wanted)
    return f"SELECT {columns}, CAST(NULL AS BIGINT) AS {TIME}, false AS {GONE} WHERE false"
