"""Reading offline features as an Arrow stream: the last row of every key, or all that was ever written; now or then."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from headrace_events.ids import Micros
from headrace_projections.history.columns import counting, quoted
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Unavailable
from headrace_projections.history.moment import Moment
from headrace_projections.history.stored import last_places, stored_rows
from headrace_projections.history.tables import unreadable
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
        return _there(group, files, as_of) if history else last_rows(group, files, as_of)

    return streamed(storage, group, query, engine)


def streamed(
    storage: str, group: Group, query: Callable[[Sequence[str]], str], engine: Engine | None = None
) -> Iterator[bytes]:
    """What the query over the files of the group's table gives, in the table's schema, as an Arrow IPC stream."""
    schema = schema_of(group)
    out = io.BytesIO()
    with pa.ipc.new_stream(out, schema) as writer, reading(storage, group, query, schema, engine) as batches:
        for batch in batches:
            writer.write_batch(batch)
            yield _taken(out)
    yield _taken(out)


@contextmanager
def reading(
    storage: str,
    group: Group,
    query: Callable[[Sequence[str]], str],
    schema: pa.Schema,
    engine: Engine | None = None,
    **tables: pa.Table,
) -> Iterator[Iterator[pa.RecordBatch]]:
    """What the query over the table's files gives, in batches; none where there are no files. Raises Unavailable.

    Who clears a group removes files that readers have just been told of: then they read those that the table has now.
    """
    files = files_of(storage, group)
    with ExitStack() as opened:
        batches: Iterator[pa.RecordBatch] = iter(())
        while files:
            try:
                batches = _begun(opened.enter_context((engine or Engine()).stream(query(files), schema, **tables)))
                break
            except Unavailable:
                before, files = files, files_of(storage, group)
                if files == before:
                    raise
        yield batches


def _begun(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches, the first of which has been read."""
    first = next(batches, None)
    return batches if first is None else chain((first,), batches)


def files_of(storage: str, group: Group) -> list[str]:
    """The files of the group's table now; none where it has no table. Raises Unavailable."""
    try:
        uris = DeltaTable(table_url(storage, group.project, group.name, group.version)).file_uris()
    except TableNotFoundError:
        return []
    except (DeltaError, OSError) as error:
        raise unreadable(group, error) from error
    return [uri.removeprefix("file://") for uri in uris]


def first_known(storage: str, group: Group, engine: Engine | None = None) -> Micros | None:
    """The earliest known-at of all rows, or None where there are none; raises Unavailable."""

    def query(files: Sequence[str]) -> str:
        return f'SELECT min(epoch_us("_known_at")) AS first FROM ({all_rows(group, files)})'

    with reading(storage, group, query, pa.schema([("first", pa.int64())]), engine) as batches:
        firsts = [first for batch in batches for first in batch.column("first").to_pylist()]
    return next((Micros(first) for first in firsts if first is not None), None)


def all_rows(group: Group, files: Sequence[str], condition: str = "true") -> str:
    """SQL: all rows and deletes in these files of which the condition holds, in the schema of the group's table."""
    columns = ", ".join(quoted(name) for name in schema_of(group).names)
    partitioning = "hive_partitioning = true, hive_types = {'_event_date': DATE}"
    return f"SELECT {columns} FROM {stored_rows(group, files, partitioning)} WHERE {counting(group)} AND {condition}"


def last_rows(group: Group, files: Sequence[str], as_of: Moment | None = None) -> str:
    """SQL: the last row of each key by (event time, known-at, offset), unless that is a delete; now or then."""
    rows = _there(group, files, as_of)
    there = f"SELECT * FROM ({last_places(group, f'({rows})')}) WHERE \"_operation\" <> 'delete'"
    return f'SELECT * FROM ({rows}) SEMI JOIN ({there}) USING ("_partition", "_offset")'


def _there(group: Group, files: Sequence[str], as_of: Moment | None) -> str:
    return all_rows(group, files, as_of.condition if as_of is not None else "true")


def _taken(out: io.BytesIO) -> bytes:
    part = out.getvalue()
    out.seek(0)
    out.truncate()
    return part
