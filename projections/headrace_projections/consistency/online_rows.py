"""The online table at one moment, written to a file in the columns that are compared."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import Connection, IsolationLevel, sql
from psycopg.rows import TupleRow

from headrace_broker.record import Record
from headrace_events.entity_key import decode_key
from headrace_events.errors import Invalid
from headrace_projections.consistency.compared import EVENT_TIME as ROW_TIME
from headrace_projections.consistency.compared import KNOWN_AT, OFFSET, OPERATION, REASON, TIME, compared_schema
from headrace_projections.history.positions import Ends
from headrace_projections.offline.arrow import TYPES, table_of
from headrace_projections.online.tables import table
from headrace_projections.rows.fit import EVENT_TIME, Refused, Rows, fit
from headrace_projections.rows.groups import Group
from headrace_schemas.framing import frame

UNREADABLE = "unreadable"
"""The operation of a row that no record of the group's topic could have made."""

_ROWS = 20_000
_VALUES = 1_000_000
_SELECT = sql.SQL("SELECT key, event_time, known_at, log_offset, deleted, schema_id, body FROM {}")


def online_schema(group: Group) -> Any:
    """What is compared, and why a row cannot be read."""
    return compared_schema(group).append(pa.field(REASON, pa.string()))


def write_online(dsn: str, group: Group, file: Path) -> Ends:
    """Write every row as of one moment, however long it takes; returns the position the table was at."""
    with psycopg.connect(dsn, application_name="headrace consistency") as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        ends = _ends(connection, group)
        with pq.ParquetWriter(file, online_schema(group)) as writer:
            for stored, schemas in _parts(connection, group):
                writer.write_table(compared_rows(group, schemas, stored))
    return ends


def _ends(connection: Connection[TupleRow], group: Group) -> Ends:
    ends = dict.fromkeys(range(group.partitions), 0)
    if _there(connection, "online.checkpoint"):
        query = "SELECT partition, next_offset FROM online.checkpoint WHERE topic_id = %s"
        ends |= dict(connection.execute(query, (group.topic_id,)).fetchall())
    return ends


def _parts(connection: Connection[TupleRow], group: Group) -> Iterator[tuple[list[TupleRow], dict[int, str]]]:
    """The rows in parts of bounded size, with the schemas that they name."""
    name = table(group.project, group.name, group.version)
    if not _there(connection, name.as_string()):
        return
    schemas: dict[int, str] = {}
    with connection.cursor(name="online_rows") as cursor:
        cursor.execute(_SELECT.format(name), binary=True)
        while part := cursor.fetchmany(max(1, min(_ROWS, _VALUES // len(group.columns)))):
            if unknown := {row[5] for row in part if not row[4]} - schemas.keys():
                query = "SELECT schema_id, schema FROM catalogue.schemas WHERE schema_id = ANY(%s)"
                schemas |= dict(connection.execute(query, (list(unknown),)).fetchall())
            yield part, schemas


def _there(connection: Connection[TupleRow], name: str) -> bool:
    found = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (name,)).fetchone()
    return bool(found and found[0])


def compared_rows(group: Group, schemas: Mapping[int, str], stored: Sequence[TupleRow]) -> Any:
    """Stored rows (key, event time, known-at, offset, deleted, schema id, body) as the projection reads records.

    One that it would refuse is unreadable, with the reason.
    """
    records = [
        Record(
            topic=group.topic,
            topic_id=group.topic_id,
            partition=0,
            offset=place,
            key=key,
            value=None if deleted else frame(schema_id) + body,
            headers={EVENT_TIME: str(event_time)} if deleted else {},
        )
        for place, (key, event_time, _, _, deleted, schema_id, body) in enumerate(stored)
    ]
    fitted = fit(group, schemas, records)
    tables = [_readable(group, rows, stored) for rows in fitted.rows]
    if fitted.refused:
        tables.append(_unreadable(group, fitted.refused, stored))
    schema = online_schema(group)
    return pa.concat_tables([one.select(schema.names).cast(schema) for one in tables])


def _readable(group: Group, rows: Rows, stored: Sequence[TupleRow]) -> Any:
    columns = _whole(group, rows).select([column.name for column in group.columns])
    operation = pa.array(["delete" if rows.deleted else "upsert"] * len(rows), pa.string())
    return _with_place(columns, [stored[place] for place in rows.offset.tolist()], operation, [None] * len(rows))


def _whole(group: Group, rows: Rows) -> Any:
    """The rows as a table, with the default of each column that came later than their schema."""
    columns = table_of(group, rows)
    types = {column.name: TYPES[column.type] for column in group.columns}
    for name, value in group.defaults.items():
        if rows.decoded is not None and name not in rows.decoded.columns:
            default = pa.array([value] * len(rows), types[name])
            columns = columns.set_column(columns.schema.get_field_index(name), name, default)
    return columns


def _unreadable(group: Group, refused: Sequence[Refused], stored: Sequence[TupleRow]) -> Any:
    keys = [_key(group, found.record.key or b"") for found in refused]
    columns = {column.name: pa.nulls(len(refused), TYPES[column.type]) for column in group.columns}
    for place, (name, kind) in enumerate(zip(group.primary_key, group.key_types, strict=True)):
        columns[name] = pa.array([None if key is None else key[place] for key in keys], TYPES[kind])
    operation = pa.array([UNREADABLE] * len(refused), pa.string())
    rows = [stored[found.record.offset] for found in refused]
    return _with_place(pa.table(columns), rows, operation, [found.reason for found in refused])


def _key(group: Group, key: bytes) -> Sequence[Any] | None:
    try:
        return decode_key(group.key_types, key)
    except Invalid:
        return None


def _with_place(columns: Any, rows: Sequence[TupleRow], operation: Any, reasons: Sequence[str | None]) -> Any:
    """The columns, with order and place as the table says, not as the body does."""
    of_log = np.array([row[1:4] for row in rows], np.int64).reshape(len(rows), 3)
    for name, column in (
        (ROW_TIME, pa.array(of_log[:, 0]).cast(TIME)),
        (KNOWN_AT, pa.array(of_log[:, 1]).cast(TIME)),
        (OFFSET, pa.array(of_log[:, 2])),
        (OPERATION, operation),
        (REASON, pa.array(reasons, pa.string())),
    ):
        columns = columns.append_column(name, column)
    return columns
