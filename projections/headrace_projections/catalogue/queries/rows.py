"""Rows of the catalogue as values."""

from collections.abc import Mapping
from typing import Any, TypeVar

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, dict_row
from psycopg_pool import AsyncConnectionPool

from headrace_schemas.records import from_record

T = TypeVar("T")
Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]


async def all_of(pool: Pool, cls: type[T], query: str, **parameters: Any) -> list[T]:
    """Every row of the query as a value of that class, whose fields are named like the columns."""
    async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query.encode(), parameters)
        return [value(cls, row) for row in await cursor.fetchall()]


async def one_of(pool: Pool, cls: type[T], query: str, **parameters: Any) -> T | None:
    """The first row of the query, or None."""
    found = await all_of(pool, cls, query, **parameters)
    return found[0] if found else None


def value(cls: type[T], row: Mapping[str, Any]) -> T:
    """The row as a value of that class."""
    made: T = from_record(cls, row)
    return made
