"""Feature vectors as they were: what the online store would have answered at a time, from the history alone."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from headrace_events.errors import Invalid
from headrace_events.ids import Micros
from headrace_projections.history.columns import quoted
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Impossible
from headrace_projections.history.latest import FROM, TIME, latest_versions, winners_as_known
from headrace_projections.history.lookups import counts_at, feature_columns, joins, needed_of_root, tables
from headrace_projections.history.view import ViewHistory, arrow_schema
from headrace_projections.offline.arrow import TYPES
from headrace_projections.online.entities import key_value

_HELD = {"date": pa.int32(), "timestamp": pa.int64()}
"""Feature type → Arrow type of what `key_value` makes of it, where that is not the type itself."""


def vectors_as_of(
    history: ViewHistory,
    entries: Sequence[Mapping[str, object]],
    times: Sequence[Micros],
    engine: Engine | None = None,
) -> pa.Table:
    """The view's features without labels and helpers, one row per entry at its time, in order.

    An entry is a primary key of the root. The root's own row is the last one not after the time, as every joined one
    is. What is not there is null, in inner joins too; filters leave nothing out. Dates and times in entries may be ISO
    8601. Raises Impossible for an entry that is no primary key, Unavailable.
    """
    root = history.root.group
    columns = needed_of_root(history)
    counts = counts_at("h", "e", root.ttl_seconds)
    found = [f"CASE WHEN {counts} THEN h.{quoted(name)} END AS {quoted(name)}" for name in columns]
    same = [f"e.{quoted(name)} = h.{quoted(name)}" for name in root.primary_key]
    types = {name: kind for name, kind in history.feature_types().items() if name not in history.view.hidden}
    rows, counted_from = (winners_as_known, FROM) if history.view.known_at else (latest_versions, TIME)
    first, last = min(times, default=0), max(times, default=0)
    named = [
        f"h AS ({rows(history.root, columns, latest=last)})",
        f"""r AS (SELECT e._row, e.{TIME}, {", ".join(found)}
            FROM entries e ASOF LEFT JOIN h ON {" AND ".join(same)} AND e.{TIME} >= h.{counted_from})""",
        *tables(history, first, last),
        f"v AS (SELECT r._row, {', '.join(feature_columns(history))} FROM r {joins(history)})",
    ]
    query = f"WITH {', '.join(named)} SELECT {', '.join(map(quoted, types))} FROM v ORDER BY _row"
    schema = arrow_schema(types)
    with (engine or Engine()).stream(query, schema, entries=_asked(history, entries, times)) as batches:
        return pa.Table.from_batches(batches, schema)


def _asked(history: ViewHistory, entries: Sequence[Mapping[str, object]], times: Sequence[Micros]) -> pa.Table:
    root = history.root.group
    if len(entries) != len(times):
        raise Impossible(f"{len(entries)} entries and {len(times)} times were given: give a time for each entry")
    for entry in entries:
        if set(entry) != set(root.primary_key):
            raise Impossible(f"an entry names the primary key of {root.name!r}: {', '.join(root.primary_key)}")
    try:
        columns = {
            name: pa.array([key_value(kind, entry[name]) for entry in entries], _HELD.get(kind, TYPES[kind]))
            for name, kind in zip(root.primary_key, root.key_types, strict=True)
        }
    except (Invalid, pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        raise Impossible(f"an entry does not fit the primary key {', '.join(root.primary_key)}: {error}") from error
    dates = {name for name, kind in zip(root.primary_key, root.key_types, strict=True) if kind == "date"}
    columns = {name: column.cast(pa.date32()) if name in dates else column for name, column in columns.items()}
    columns["_row"] = pa.array(range(len(times)), pa.int64())
    columns[TIME] = pa.array(times, pa.int64())
    return pa.table(columns)
