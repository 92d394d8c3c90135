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
FROM = "_from"
"""When the row begins to count where only what was known counts: the later of its event time and its known-at."""


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


def winners_as_known(
    history: GroupHistory, columns: Iterable[str], *, earliest: int | None = None, latest: int | None = None
) -> str:
    """SQL: rows with these columns, TIME, GONE and FROM: the last one by FROM is what was known of a key at a time.

    That is the last by (event time, known-at, offset) of all that count by then. A row is left out where a later one
    counts from the same moment or from an earlier one on: it is never the last. Of two rows of one event time, the one
    that counts from a later moment on became known later; so event times decide, and within a moment the whole order.
    """
    group = history.group
    types = types_of(group.columns)
    wanted = dict.fromkeys((*group.primary_key, *columns))
    if group.event_time is None:
        earliest = None
    files = history.between(earliest, latest if group.event_time else None)
    if not files:
        return f"SELECT *, CAST(NULL AS BIGINT) AS {FROM} FROM ({_nothing(types, wanted)})"
    time = f"epoch_us({quoted(group.event_time or '_known_at')})"
    known = 'epoch_us("_known_at")'
    inner = ", ".join(f"{typed_as(name, types[name])} AS {quoted(name)}" for name in wanted)
    conditions = [before(history.ends), counting(group)]
    conditions += [f"{time} >= {earliest}"] if earliest is not None else []
    conditions += [f"{time} <= {latest}", f"{known} <= {latest}"] if latest is not None else []
    key = ", ".join(quoted(name) for name in group.primary_key)
    in_turn = f'PARTITION BY {key} ORDER BY {FROM}, {TIME}, "_known_at", "_offset", "_partition"'
    return f"""
        SELECT * EXCLUDE ("_known_at", "_offset", "_partition") FROM (
            SELECT {inner}, {time} AS {TIME}, "_operation" = 'delete' AS {GONE},
                greatest({time}, {known}) AS {FROM}, "_known_at", "_offset", "_partition"
            FROM {stored_rows(group, files)}
            WHERE {" AND ".join(conditions)})
        QUALIFY {TIME} = max({TIME}) OVER ({in_turn} ROWS UNBOUNDED PRECEDING)
            AND lead({FROM}) OVER ({in_turn}) IS DISTINCT FROM {FROM}"""


def _nothing(types: Mapping[str, str], wanted: Iterable[str]) -> str:
    columns = ", ".join(f"CAST(NULL AS {SQL_TYPES[types[name]]}) AS {quoted(name)}" for name in wanted)
    return f"SELECT {columns}, CAST(NULL AS BIGINT) AS {TIME}, false AS {GONE} WHERE false"
