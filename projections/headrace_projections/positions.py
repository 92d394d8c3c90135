"""Waiting until a projection has read a position, so that a client reads what it wrote.

A position names its topic by id. The projection has passed it when its checkpoint there is beyond the offset. A topic
that the checkpoint does not name is one of two things. Either the catalogue lists it with a purpose the projection
does not follow (a topic can be written, and so give a position, only after `topic.opened` announced it), or it is
that of a project which is being deleted: then the position is none of this projection's business. Or nothing here has
heard of it yet, as of a project that was made a moment ago: then the projection is behind, and the caller waits.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import Any

from psycopg import AsyncConnection, errors, sql
from psycopg_pool import AsyncConnectionPool

from headrace_events.envelope import Position

METADATA = frozenset({"events"})
"""Purposes of the topics that a projection of metadata follows."""

_BEHIND = """
SELECT EXISTS (
    SELECT FROM unnest(%s::text[], %s::integer[], %s::bigint[]) AS p (topic_id, partition, at)
    LEFT JOIN {checkpoint} c ON c.topic_id = p.topic_id AND c.partition = p.partition
    WHERE c.next_offset <= p.at
       OR (c.topic_id IS NULL AND NOT EXISTS (
              SELECT FROM {topics} t WHERE t.topic_id = p.topic_id AND t.purpose <> ALL (%s::text[]))
          AND NOT EXISTS (
              SELECT FROM {projects} d WHERE d.events_topic_id = p.topic_id AND d.phase IN ('closing', 'deleted')))
)
"""


async def wait_for(
    pool: AsyncConnectionPool[AsyncConnection[Any]],
    schema: str,
    positions: Sequence[Position],
    seconds: float = 5.0,
    purposes: Collection[str] = METADATA,
) -> bool:
    """Whether the projection in that schema passed all positions it follows, within that many seconds.

    `purposes` are those of the topics it follows (`topics.purpose` of the catalogue). Connections are taken from the
    pool for one question at a time, so that many may wait.
    """
    if not positions:
        return True
    started = time.monotonic()
    while True:
        async with pool.connection() as connection:
            if await passed(connection, schema, positions, purposes):
                return True
        waited = time.monotonic() - started
        if waited >= seconds:
            return False
        await asyncio.sleep(0.005 if waited < 0.5 else 0.025)


async def passed(
    connection: AsyncConnection[Any],
    schema: str,
    positions: Sequence[Position],
    purposes: Collection[str] = METADATA,
) -> bool:
    """Whether the projection has passed all positions now."""
    query = sql.SQL(_BEHIND).format(
        checkpoint=sql.Identifier(schema, "checkpoint"),
        topics=sql.Identifier("catalogue", "topics"),
        projects=sql.Identifier("catalogue", "projects"),
    )
    given = (
        [position.topic_id for position in positions],
        [position.partition for position in positions],
        [position.offset for position in positions],
        list(purposes),
    )
    try:
        async with connection.transaction():
            row = await (await connection.execute(query, given)).fetchone()
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return False
    return row is not None and not row[0]
