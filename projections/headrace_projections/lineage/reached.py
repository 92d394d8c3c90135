"""How far the graph has come, in terms of both topics it is made from."""

from typing import Any

from psycopg import AsyncConnection, errors
from psycopg_pool import AsyncConnectionPool

from headrace_broker.topics import LINEAGE
from headrace_events.envelope import Position
from headrace_projections.lineage.derivation import NAME


async def last_derived(pool: AsyncConnectionPool[AsyncConnection[Any]]) -> list[Position]:
    """Where the edges of all events that were derived from lie at last; none where nothing was derived yet."""
    query = f"SELECT topic_id, partition, next_offset FROM {NAME}.checkpoint WHERE topic = %s AND next_offset > 0"
    try:
        async with pool.connection() as connection:
            rows = await (await connection.execute(query, (LINEAGE,))).fetchall()
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return []
    return [Position(topic_id, partition, next_offset - 1) for topic_id, partition, next_offset in rows]
