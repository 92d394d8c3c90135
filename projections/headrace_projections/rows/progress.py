"""How far the stores have taken a group's topic, and what did not fit."""

from dataclasses import dataclass

from psycopg import AsyncConnection, errors, sql
from psycopg.rows import TupleRow

from headrace_projections.rows.catalogued import Pool
from headrace_projections.rows.groups import Group

LAST_REFUSED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionProgress:
    """Rows before these offsets can be read, from `online_begins` on what the online store has cleared away is gone."""

    partition: int
    online: int
    offline: int
    online_begins: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRecord:
    """A record of the topic that no row came of."""

    partition: int
    offset: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProgress:
    """Where a group's stores are; `dead_letters` counts records, however many stores refused them.

    `expectations` is the number of the event that says what is expected of rows, None where nothing is: whoever knows
    that suite needs not ask for it.
    """

    topic: str
    topic_id: str
    online: bool
    offline: bool
    partitions: tuple[PartitionProgress, ...]
    dead_letters: int
    last_dead_letters: tuple[RefusedRecord, ...]
    expectations: int | None = None


async def row_progress(pool: Pool, group: Group) -> RowProgress:
    """The progress of both stores now."""
    async with pool.connection() as connection:
        online = await _offsets(connection, "online", "checkpoint", group.topic_id, "next_offset", "begins")
        offline = await _offsets(connection, "offline", "progress", group.topic_id, "next_offset")
        refused = await _refused(connection, "online", group.topic_id)
        refused |= await _refused(connection, "offline", group.topic_id)
        expectations = await _expectations(connection, group)
        count = len(refused)
    places = sorted(refused, reverse=True)[:LAST_REFUSED]
    return RowProgress(
        topic=group.topic,
        topic_id=group.topic_id,
        online=group.online,
        offline=group.offline,
        partitions=tuple(
            PartitionProgress(
                partition=number,
                online=online.get(number, (0, 0))[0],
                offline=offline.get(number, (0,))[0],
                online_begins=online.get(number, (0, 0))[1],
            )
            for number in range(group.partitions)
        ),
        dead_letters=count,
        last_dead_letters=tuple(
            RefusedRecord(partition=place[1], offset=place[0], error=refused[place]) for place in places
        ),
        expectations=expectations,
    )


async def _expectations(connection: AsyncConnection[TupleRow], group: Group) -> int | None:
    found = await connection.execute(
        "SELECT saved_seq FROM catalogue.expectation_suites WHERE project = %s AND name = %s AND version = %s",
        (group.project, group.name, group.version),
    )
    row = await found.fetchone()
    return None if row is None else int(row[0])


async def _offsets(
    connection: AsyncConnection[TupleRow], schema: str, name: str, topic_id: str, *columns: str
) -> dict[int, tuple[int, ...]]:
    query = sql.SQL("SELECT partition, {} FROM {} WHERE topic_id = %s").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(schema, name)
    )
    try:
        found = await connection.execute(query, (topic_id,))
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return {}
    return {partition: tuple(offsets) for partition, *offsets in await found.fetchall()}


async def _refused(connection: AsyncConnection[TupleRow], schema: str, topic_id: str) -> dict[tuple[int, int], str]:
    query = sql.SQL("SELECT log_offset, partition, error FROM {} WHERE topic_id = %s").format(
        sql.Identifier(schema, "dead_letters")
    )
    try:
        found = await connection.execute(query, (topic_id,))
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return {}
    return {(offset, partition): error for offset, partition, error in await found.fetchall()}
