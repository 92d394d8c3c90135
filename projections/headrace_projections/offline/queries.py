"""Reading offline features as an Arrow stream: the last row of every key, or all that was ever written."""

import io
from collections.abc import Iterator

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from headrace_projections.history.columns import counting, literal, quoted
from headrace_projections.history.engine import Engine
from headrace_projections.offline.arrow import schema_of
from headrace_projections.offline.delta import table_url
from headrace_projections.rows.groups import Group


def arrow_stream(storage: str, group: Group, *, history: bool, engine: Engine | None = None) -> Iterator[bytes]:
    """The rows in Arrow's IPC streaming format, in parts; raises Unavailable.

    Without `history`, the last row of each key by (event time, known-at, offset), unless that is a delete.
    """
    schema = schema_of(group)
    out = io.BytesIO()
    with pa.ipc.new_stream(out, schema) as writer:
        files = _files(storage, group)
        if files:
            with (engine or Engine()).stream(_query(group, files, history), schema) as batches:
                for batch in batches:
                    writer.write_batch(batch)
                    yield _taken(out)
    yield _taken(out)


def _files(storage: str, group: Group) -> list[str]:
    try:
        uris = DeltaTable(table_url(storage, group.project, group.name, group.version)).file_uris()
    except TableNotFoundError:
        return []
    return [uri.removeprefix("file://") for uri in uris]


def _query(group: Group, files: list[str], history: bool) -> str:
    columns = ", ".join(quoted(name) for name in schema_of(group).names)
    source = (
        f"SELECT {columns} FROM read_parquet([{', '.join(map(literal, files))}], "
        "union_by_name = true, hive_partitioning = true, hive_types = {'_event_date': DATE})"
        f" WHERE {counting(group)}"
    )
    if history:
        return source
    time = quoted(group.event_time or "_known_at")
    key = ", ".join(quoted(name) for name in group.primary_key)
    return (
        f"SELECT * FROM ({source} QUALIFY row_number() OVER (PARTITION BY {key} "
        f'ORDER BY {time} DESC, "_known_at" DESC, "_offset" DESC, "_partition" DESC) = 1) '
        "WHERE \"_operation\" <> 'delete'"
    )


def _taken(out: io.BytesIO) -> bytes:
    part = out.getvalue()
    out.seek(0)
    out.truncate()
    return part
