"""Every row of the database, as whoever reads its files would find it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from psycopg import sql


def rows(dsn: str) -> Iterator[tuple[str, str]]:
    """Table and text of each row of every projection."""
    with psycopg.connect(dsn, autocommit=True) as database:
        found = database.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in found:
            query = sql.SQL("SELECT row::text FROM {} AS row").format(sql.Identifier(schema, table))
            for (row,) in database.execute(query):
                yield f"{schema}.{table}", row
