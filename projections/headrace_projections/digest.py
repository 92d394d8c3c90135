"""Digests over every row and column of a schema's tables, and the names of what differs between two schemas.

Columns that hold a wall clock are left out: no two makings share them. Values are compared as Postgres writes them.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from headrace_projections.rebuilt import Comparison, Difference

SHOWN = 100
"""Differences that are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A table's name, its columns in alphabetical order, and those of its primary key."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


def shapes(connection: Connection[Any], schema: str, leave_out: Collection[tuple[str, str]]) -> dict[str, Shape]:
    """The tables of a schema, without the (table, column) pairs to leave out."""
    query = """
        SELECT c.relname, array_agg(a.attname::text ORDER BY a.attname),
               coalesce(array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum))
                        FILTER (WHERE a.attnum = ANY (i.indkey::int2[])), '{}')
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
        WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' GROUP BY c.relname ORDER BY c.relname
    """
    found = connection.execute(query, (sql.Identifier(schema).as_string(),)).fetchall()
    return {
        table: Shape(table, tuple(name for name in columns if (table, name) not in leave_out), tuple(key))
        for table, columns, key in found
    }


def digest(connection: Connection[Any], schema: str, shape: Shape) -> str:
    """SHA-256 over the table's rows in the order of its key, hexadecimal."""
    query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        _names(shape.columns), sql.Identifier(schema, shape.table), _names(shape.key or shape.columns)
    )
    total = hashlib.sha256()
    with connection.cursor().copy(query) as rows:
        for chunk in rows:
            total.update(chunk)
    return total.hexdigest()


def together(digests: dict[str, str]) -> str:
    """One digest of all tables' digests."""
    lines = "".join(f"{table} {one}\n" for table, one in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def compare(connection: Connection[Any], live: str, rebuilt: str, leave_out: Collection[tuple[str, str]]) -> Comparison:
    """Compare every row and column of all tables of both schemas."""
    sides = (shapes(connection, live, leave_out), shapes(connection, rebuilt, leave_out))
    digests: tuple[dict[str, str], dict[str, str]] = (
        {table: digest(connection, live, shape) for table, shape in sides[0].items()},
        {table: digest(connection, rebuilt, shape) for table, shape in sides[1].items()},
    )
    counted = 0
    named: list[Difference] = []
    for table in sorted({*sides[0], *sides[1]}):
        if digests[0].get(table) == digests[1].get(table) and sides[0][table] == sides[1][table]:
            continue
        for difference in _differences(connection, (live, rebuilt), (sides[0].get(table), sides[1].get(table))):
            counted += 1
            if len(named) < SHOWN:
                named.append(difference)
    return Comparison(together(digests[0]), together(digests[1]), counted, tuple(named))


def _differences(
    connection: Connection[Any], schemas: tuple[str, str], sides: tuple[Shape | None, Shape | None]
) -> Iterator[Difference]:
    live, rebuilt = sides
    if live is None or rebuilt is None:
        was, now = (shape.table if shape else None for shape in sides)
        yield Difference(table=was or now or "", row="", column="", live=was, rebuilt=now)
        return
    for column in sorted(set(live.columns) ^ set(rebuilt.columns)):
        was, now = (column if column in shape.columns else None for shape in (live, rebuilt))
        yield Difference(table=live.table, row="", column=column, live=was, rebuilt=now)
    common = [column for column in live.columns if column in rebuilt.columns]
    key = rebuilt.key or tuple(common)
    with connection.cursor(name="differences") as cursor:
        cursor.execute(_query(schemas, rebuilt.table, key, common))
        for row, column, was, now in cursor:
            yield Difference(table=rebuilt.table, row=row, column=column, live=was, rebuilt=now)


def _query(schemas: tuple[str, str], table: str, key: Sequence[str], columns: Sequence[str]) -> sql.Composed:
    """Rows that only one side has, as column '', and every cell that differs in rows that both have."""
    cells = sql.SQL(", ").join(
        sql.SQL("({0}, l.{1}::text, r.{1}::text)").format(sql.Literal(name), sql.Identifier(name)) for name in columns
    )
    first = sql.Identifier(key[0])
    return sql.SQL(
        "SELECT concat_ws('/', {labels}), cell.name, cell.was, cell.now "
        "FROM {live} l FULL JOIN {rebuilt} r ON {same} CROSS JOIN LATERAL ("
        "  SELECT '' AS name, l::text AS was, r::text AS now WHERE l.{first} IS NULL OR r.{first} IS NULL"
        "  UNION ALL"
        "  SELECT * FROM (VALUES {cells}) AS c (name, was, now)"
        "  WHERE l.{first} IS NOT NULL AND r.{first} IS NOT NULL AND c.was IS DISTINCT FROM c.now"
        ") AS cell ORDER BY 1, 2"
    ).format(
        labels=sql.SQL(", ").join(sql.SQL("coalesce(l.{0}, r.{0})").format(sql.Identifier(name)) for name in key),
        live=sql.Identifier(schemas[0], table),
        rebuilt=sql.Identifier(schemas[1], table),
        same=sql.SQL(" AND ").join(sql.SQL("l.{0} = r.{0}").format(sql.Identifier(name)) for name in key),
        first=first,
        cells=cells,
    )


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
