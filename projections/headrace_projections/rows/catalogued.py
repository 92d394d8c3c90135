"""Feature groups as the catalogue has them: what reading rows takes to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, dict_row
from psycopg_pool import AsyncConnectionPool

from headrace_events.feature_group_clearing import fence
from headrace_events.feature_statistics import StatisticsConfig
from headrace_events.row_schema import Appended, Column
from headrace_projections.rows.groups import Group, Growth
from headrace_schemas.records import from_record

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]

_GROUP = """
SELECT g.name, g.version, g.columns, g.primary_key, g.event_time, g.online, g.offline, g.ttl_seconds, g.subject,
       g.topic, g.schema_id, g.cleared, g.statistics, g.created_time, s.schema, t.topic_id, t.partitions,
       ARRAY(SELECT jsonb_build_object('schema_id', later.schema_id, 'features', later.features)
             FROM catalogue.feature_group_growth later
             WHERE later.project = g.project AND later.name = g.name AND later.version = g.version
             ORDER BY later.appended_seq) AS growth
FROM catalogue.feature_groups g
JOIN catalogue.schemas s USING (schema_id)
JOIN catalogue.topics t USING (project, topic)
WHERE g.project = %s AND g.name = %s AND g.version = %s AND t.topic_id IS NOT NULL"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CataloguedGroup:
    """A group whose topic is open, and the newest schema of its rows. It grows, and may be cleared; nothing else."""

    group: Group
    schema_id: int
    schema: str
    created: datetime


async def group_of(pool: Pool, project: str, name: str, version: int) -> CataloguedGroup | None:
    """The version of a group, or None while the catalogue has none that takes rows."""
    async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_GROUP, (project, name, version))
        row = await cursor.fetchone()
    if row is None:
        return None
    growth = tuple(Growth(schema_id=one["schema_id"], features=_appended(one["features"])) for one in row["growth"])
    columns = tuple(Column(**column) for column in row["columns"])
    group = Group(
        project=project,
        name=row["name"],
        version=row["version"],
        columns=(*columns, *(feature.column for one in growth for feature in one.features)),
        primary_key=tuple(row["primary_key"]),
        event_time=row["event_time"],
        online=row["online"],
        offline=row["offline"],
        ttl_seconds=row["ttl_seconds"],
        subject=row["subject"],
        topic=row["topic"],
        topic_id=row["topic_id"],
        partitions=row["partitions"],
        begins=fence(row["cleared"] or ()),
        growth=growth,
        statistics=statistics_config(row["statistics"]),
    )
    return CataloguedGroup(group=group, schema_id=row["schema_id"], schema=row["schema"], created=row["created_time"])


def statistics_config(stored: Mapping[str, Any] | None) -> StatisticsConfig:
    """The wish as the catalogue has it; without one, the usual."""
    if stored is None:
        return StatisticsConfig()
    found: StatisticsConfig = from_record(StatisticsConfig, stored)
    return found


def _appended(features: Sequence[Mapping[str, Any]]) -> tuple[Appended, ...]:
    return tuple(Appended(**feature) for feature in features)


async def schema_of(pool: Pool, schema_id: int) -> str | None:
    """The text of a schema, or None."""
    async with pool.connection() as connection:
        found = await connection.execute("SELECT schema FROM catalogue.schemas WHERE schema_id = %s", (schema_id,))
        row = await found.fetchone()
    return None if row is None else str(row[0])
