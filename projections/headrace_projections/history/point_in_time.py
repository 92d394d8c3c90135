"""The point-in-time join: each example with what was true of its entities at its event time.

An example is the last version of a root row, per key and event time. From each joined group it sees, per key, the last
row by (event time, known-at, offset) whose event time is not after its own; nulls where there is none, where that row
is a delete, or where it is older than the group's time to live or the join's lookback. In a view of what was known, a
joined row counts only if its known-at is not after the example's event time either.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from headrace_events.ids import Micros
from headrace_projections.history.columns import quoted
from headrace_projections.history.engine import Engine
from headrace_projections.history.latest import GONE, TIME, latest_versions
from headrace_projections.history.lookups import conditions, feature_columns, joins, needed_of_root, tables
from headrace_projections.history.view import EVENT_TIME, KEY, ViewHistory


@contextmanager
def training_rows(
    history: ViewHistory, start: Micros, end: Micros, engine: Engine | None = None
) -> Iterator[Iterator[pa.RecordBatch]]:
    """The examples with event time in [start, end), in the view's training schema, sorted by key and event time.

    Raises Unavailable where files or memory fail, also while the batches are read.
    """
    keys = history.root.group.primary_key
    examples = latest_versions(history.root, needed_of_root(history), earliest=start, latest=end - 1)
    identity = [f"r.{quoted(name)} AS {quoted(KEY + name)}" for name in keys] + [f"r.{TIME} AS {EVENT_TIME}"]
    kept = [f"NOT r.{GONE}", f"r.{TIME} >= {start}", f"r.{TIME} < {end}", *conditions(history)]
    query = f"""
        WITH {", ".join([f"r AS ({examples})", *tables(history, start, end - 1)])}
        SELECT {", ".join([*feature_columns(history), *identity])}
        FROM r {joins(history)}
        WHERE {" AND ".join(kept)}
        ORDER BY {", ".join([*(f"r.{quoted(name)}" for name in keys), f"r.{TIME}"])}"""
    with (engine or Engine()).stream(query, history.schema()) as batches:
        yield batches
