"""Folded changes as few statements: one per table and set of columns, its rows as one JSON parameter.

Values reach typed columns through `json_populate_recordset`, so arrays, jsonb and times need no adapters and a
thousand rows cost one round trip.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import orjson
from psycopg import Connection, Cursor, sql

from headrace_projections.changes import Values
from headrace_projections.errors import Unfounded
from headrace_projections.folding import Folded, Standing

Names = tuple[str, ...]

_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def as_json(rows: Sequence[Values]) -> str:
    """The rows as a JSON array. U+0000, which Postgres cannot hold in text, becomes U+FFFD."""
    text = orjson.dumps(rows)
    if b"\\u0000" in text:
        text = _NUL.sub(rb"\1\\ufffd", text)
    return text.decode()


@dataclass(frozen=True, slots=True)
class _Sent:
    """A statement on its way: how many rows it must touch (None: as many as it likes)."""

    cursor: Cursor[Any]
    table: str
    rows: int | None


@dataclass(frozen=True, slots=True)
class _Shape:
    """What statements have in common that differ only in their rows."""

    verb: str
    table: str
    keys: Names
    columns: Names


class Writer:
    """Writes folded changes into the tables of one schema, inside the caller's transaction."""

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self._statements: dict[_Shape, sql.Composed] = {}

    def write(self, connection: Connection[Any], folded: Folded) -> None:
        """Send everything in one pipeline; raises Unfounded where an updated row is not there."""
        with connection.pipeline():
            sent = [*self._send(connection, folded)]
        for statement in sent:
            if statement.rows is not None and statement.cursor.rowcount != statement.rows:
                missing = statement.rows - statement.cursor.rowcount
                raise Unfounded(statement.table, f"{missing} rows change that were never made")

    def _send(self, connection: Connection[Any], folded: Folded) -> Iterable[_Sent]:
        for forget in folded.forgotten:
            shape = _Shape("delete", forget.table, tuple(forget.where), ())
            yield self._execute(connection, shape, [forget.where])
        for table, standings in folded.standings.items():
            rows = _by_shape(table, standings.values())
            for shape in sorted(rows, key=lambda shape: shape.verb):  # deletions, updates, upserts
                yield self._execute(connection, shape, rows[shape])
        for table, appended in folded.appended.items():
            alike: dict[_Shape, list[Values]] = {}
            for row in appended:
                alike.setdefault(_Shape("append", table, (), tuple(row)), []).append(row)
            for shape, given in alike.items():
                yield self._execute(connection, shape, given)

    def _execute(self, connection: Connection[Any], shape: _Shape, rows: Sequence[Values]) -> _Sent:
        statement = self._statements.get(shape)
        if statement is None:
            statement = self._statements[shape] = _statement(self.schema, shape)
        cursor = connection.execute(statement, (as_json(rows),))
        return _Sent(cursor, shape.table, len(rows) if shape.verb in _COUNTED else None)


def _by_shape(table: str, standings: Iterable[Standing]) -> dict[_Shape, list[Values]]:
    rows: dict[_Shape, list[Values]] = {}
    for standing in standings:
        keys = tuple(standing.key)
        if standing.removed:
            verb = "delete found" if standing.founded else "delete"
            rows.setdefault(_Shape(verb, table, keys, ()), []).append(standing.key)
        if standing.row is not None:
            verb = "update" if standing.founded and not standing.removed else "upsert"
            shape = _Shape(verb, table, keys, tuple(standing.row))
            rows.setdefault(shape, []).append({**standing.key, **standing.row})
    return rows


_TEMPLATES: Mapping[str, LiteralString] = {
    "append": "INSERT INTO {table} ({names}) SELECT {names} FROM {given}",
    "delete": "DELETE FROM {table} AS t USING {given} AS g WHERE {same}",
    "delete found": "DELETE FROM {table} AS t USING {given} AS g WHERE {same}",
    "update": "UPDATE {table} AS t SET {assigned} FROM {given} AS g WHERE {same}",
    "upsert": "INSERT INTO {table} ({names}) SELECT {names} FROM {given} ON CONFLICT ({keys}) DO UPDATE SET {excluded}",
}

_COUNTED = frozenset({"update", "delete found"})
"""Verbs whose every row must have been there."""


def _statement(schema: str, shape: _Shape) -> sql.Composed:
    target, keys, columns = sql.Identifier(schema, shape.table), shape.keys, shape.columns
    comma = sql.SQL(", ")
    return sql.SQL(_TEMPLATES[shape.verb]).format(
        table=target,
        given=sql.SQL("json_populate_recordset(NULL::{}, %s::text::json)").format(target),
        names=comma.join(map(sql.Identifier, keys + columns)),
        keys=comma.join(map(sql.Identifier, keys)),
        same=sql.SQL(" AND ").join(sql.SQL("t.{0} = g.{0}").format(sql.Identifier(name)) for name in keys),
        assigned=comma.join(sql.SQL("{0} = g.{0}").format(sql.Identifier(name)) for name in columns),
        excluded=comma.join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in columns),
    )
