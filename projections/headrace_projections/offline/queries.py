"""Reading offline features as an Arrow stream: the last row of every key, or all that was ever written; now or then."""

import io
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from headrace_events.ids import Micros
from headrace_projections.history.columns import counting, quoted
from headrace_projections.history.engine import Engine
from headrace_projections.history.moment import Moment
from headrace_projections.history.stored import stored_rows
from headrace_projections.offline.arrow import schema_of
from headrace_projections.offline.delta import table_url
from headrace_projections.rows.groups import Group


def arrow_stream(
    storage: str, group: Group, *, history: bool, as_of: Moment | None = None, engine: Engine | None = None
) -> Iterator[bytes]:
    """The rows in Arrow's IPC streaming format, in parts; with `as_of`, those that were there then. Raises Unavailable.

    Without `history`, the last row of each key by (event time, known-at, offset), unless that is a delete.
    """

    def query(files: Sequence[str]) -> str:
        rows = all_rows(group, files) + (f" AND {as_of.condition}" if as_of is not None else "")
        return rows if history else _last_rows(group, rows)

    return streamed(storage, group, query, engine)


def streamed(
    storage: str, group: Group, query: Callable[[Sequence[str]], str], engine: Engine | None = None
) -> Iterator[bytes]:
    """What the query over the files of the group's table gives, in the table's schema, as an Arrow IPC stream."""
    schema = schema_of(group)
    out = io.BytesIO()
    with pa.ipc.new_stream(out, schema) as writer:
        files = files_of(storage, group)
        if files:
            with (engine or Engine()).stream(query(files), schema) as batches:
                for batch in batches:
                    writer.write_batch(batch)
                    yield _taken(out)
    yield _taken(out)


def files_of(storage: str, group: Group) -> list[str]:
    """The files of the group's table now; none where it has no table."""
    try:
        uris = DeltaTable(table_url(storage, group.project, group.name, group.version)).file_uris()
    except TableNotFoundError:
        return []
    return [uri.removeprefix("file://") for uri in uris]


def first_known(storage: str, group: Group, engine: Engine | None = None) -> Micros | None:
    """The earliest known-at of all rows, or None where there are none; raises Unavailable."""
    files = files_of(storage, group)
    if not files:
        return None
    query = f'SELECT min(epoch_us("_known_at")) AS first FROM ({all_rows(group, files)})'
    with (engine or Engine()).stream(query, pa.schema([("first", pa.int64())])) as batches:
        (row,) = pa.Table.from_batches(batches).to_pylist()
    return None if row["first"] is None else Micros(row["first"])


def all_rows(group: Group, files: Sequence[str]) -> str:
    """SQL: all rows and deletes in these files of the group's table, in its schema; it ends with a condition."""
    columns = ", ".join(quoted(name) for name in schema_of(group).names)
    partitioning = "hive_partitioning = true, hive_types = {'_event_date': DATE}"
    return f"SELECT {columns} FROM {stored_rows(group, files, partitioning)} WHERE {counting(group)}"


def _last_rows(group: Group, rows: str) -> str:
    """The last rows are found by what orders them alone, then fetched: no memory is taken for their other columns."""
    time = quoted(group.event_time or "_known_at")
    key = ", ".join(quoted(name) for name in group.primary_key)
    last = (
        f'SELECT "_partition", "_offset", "_operation" FROM ({rows}) QUALIFY row_number() OVER (PARTITION BY {key} '
        f'ORDER BY {time} DESC, "_known_at" DESC, "_offset" DESC, "_partition" DESC) = 1'
    )
    return (
        f"SELECT * FROM ({rows}) SEMI JOIN (SELECT * FROM ({last}) WHERE \"_operation\" <> 'delete') "
        'USING ("_partition", "_offset")'
    )


def _taken(out: io.BytesIO) -> bytes:
    part = out.getvalue()
    out.seek(0)
    out.truncate()
    return part
