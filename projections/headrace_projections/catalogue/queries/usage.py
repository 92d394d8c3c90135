"""How much of its quotas a project uses, as the tables know it."""

from collections.abc import Mapping

from psycopg import AsyncConnection, errors
from psycopg.rows import TupleRow

from headrace_events.language import value
from headrace_events.quota import QUOTAS, Quota, Quotas
from headrace_projections.catalogue.queries.rows import Pool, all_of, one_of


@value
class UsageRow:
    """How much of a quota is in use, of how much (None: no limit), what is counted, and who keeps it.

    `used` is None of what only the brokers measure; `default` is what the platform's table says.
    """

    quota: str
    used: int | None
    limit: int | None
    default: int | None
    counts: str
    keeper: str


@value
class _Counted:
    topics: int
    partitions: int
    members: int
    feature_groups: int
    deployments: int
    cpu_seconds: int
    gpu_seconds: int


@value
class _Limit:
    quota: str
    most: int


_COUNTED = """
    SELECT (SELECT count(*) FROM asked) AS topics,
           (SELECT coalesce(sum(partitions), 0)::bigint FROM asked) AS partitions,
           (SELECT count(*) FROM catalogue.members WHERE project = %(project)s) AS members,
           (SELECT count(*) FROM catalogue.feature_groups WHERE project = %(project)s) AS feature_groups,
           (SELECT count(*) FROM catalogue.deployments
            WHERE project = %(project)s AND phase IN ('created', 'ready')) AS deployments,
           coalesce(sum(ceil(cpu)), 0)::bigint AS cpu_seconds,
           coalesce(sum(ceil(gpu)), 0)::bigint AS gpu_seconds
    FROM (SELECT sum(cpu_seconds) AS cpu, sum(gpu_seconds) AS gpu FROM catalogue.trial_timeline
          WHERE project = %(project)s GROUP BY study) studies"""
_ASKED = """
    WITH asked AS (SELECT partitions FROM catalogue.topics
                   WHERE project = %(project)s AND requested_seq IS NOT NULL AND phase <> 'closed')"""
_OFFSETS = {
    "online": "SELECT topic_id, partition, next_offset FROM online.checkpoint WHERE starts_with(topic, %s)",
    "offline": "SELECT topic_id, partition, next_offset FROM offline.progress WHERE starts_with(topic, %s)",
}
_TABLES = """
    SELECT coalesce(sum(pg_total_relation_size(to_regclass(format('%%I.%%I', schemaname, tablename)))), 0)::bigint
    FROM pg_tables WHERE schemaname = 'online' AND starts_with(tablename, %s)"""


async def quotas(pool: Pool, project: str) -> Quotas:
    """What administrators said about the project."""
    query = "SELECT quota, most FROM catalogue.quotas WHERE project = %(project)s"
    return Quotas(limits={row.quota: row.most for row in await all_of(pool, _Limit, query, project=project)})


async def usage(pool: Pool, project: str, file_bytes: int) -> list[UsageRow]:
    """Every quota of the project; `file_bytes` is what its stored files take."""
    counted = await one_of(pool, _Counted, _ASKED + _COUNTED, project=project)
    assert counted is not None  # noqa: S101 - a query of scalars has one row
    async with pool.connection() as connection:
        rows = await _feature_rows(connection, project)
    used: Mapping[Quota, int] = {
        Quota.TOPICS: counted.topics,
        Quota.PARTITIONS: counted.partitions,
        Quota.MEMBERS: counted.members,
        Quota.FEATURE_GROUPS: counted.feature_groups,
        Quota.DEPLOYMENTS: counted.deployments,
        Quota.CPU_SECONDS: counted.cpu_seconds,
        Quota.GPU_SECONDS: counted.gpu_seconds,
        Quota.STORAGE_BYTES: file_bytes + await online_bytes(pool, project),
        Quota.FEATURE_ROWS: rows,
    }
    said = await quotas(pool, project)
    return [
        UsageRow(
            quota=quota.value,
            used=used.get(quota),
            limit=said.limit(quota),
            default=kind.default,
            counts=kind.counts,
            keeper=kind.keeper.value,
        )
        for quota, kind in QUOTAS.items()
    ]


async def _feature_rows(connection: AsyncConnection[TupleRow], project: str) -> int:
    """Records on the topics of feature groups, as far as the store that is further has taken them."""
    furthest: dict[tuple[str, int], int] = {}
    for query in _OFFSETS.values():
        try:
            found = await connection.execute(query.encode(), (f"{project}.features.",))
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            continue  # that store has not been started yet
        for topic_id, partition, offset in await found.fetchall():
            place = (str(topic_id), int(partition))
            furthest[place] = max(furthest.get(place, 0), int(offset))
    return sum(furthest.values())


async def online_bytes(pool: Pool, project: str) -> int:
    """What the project's online tables take, with their indexes."""
    async with pool.connection() as connection:
        found = await connection.execute(_TABLES.encode(), (f"{project}.",))
        row = await found.fetchone()
        return int(row[0]) if row else 0
