"""How far a projection has come, kept beside its data: one row per partition, moved in the transaction of the data.

A row moves by compare-and-set. Of two projectors that both believe they own a projection, one commits; the other
finds its row moved, rolls back, and reads the checkpoint again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, errors, sql

from headrace_broker.feed import Start
from headrace_broker.follower import Partition
from headrace_projections.errors import Superseded

TABLE = """
CREATE TABLE checkpoint (
    topic           text NOT NULL,
    topic_id        text NOT NULL,
    partition       integer NOT NULL,
    next_offset     bigint NOT NULL,                -- everything below it has been read
    seq             bigint NOT NULL,                -- of the last event applied
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, partition)
)
"""
WALL_CLOCK = frozenset({("checkpoint", "updated_at")})
"""(table, column) that no two makings share."""

Vector = Mapping[Partition, Start]


@dataclass(frozen=True, slots=True)
class Step:
    """One partition's checkpoint as it is and as it becomes; `before` is None where there is no row yet."""

    where: Partition
    before: Start | None
    after: Start


def read(connection: Connection[Any], schema: str) -> dict[Partition, Start]:
    """The checkpoint of the projection in that schema."""
    query = sql.SQL("SELECT topic, topic_id, partition, next_offset, seq FROM {}").format(_table(schema))
    rows = connection.execute(query).fetchall()
    return {
        Partition(topic, topic_id, partition): Start(offset, seq) for topic, topic_id, partition, offset, seq in rows
    }


def move(connection: Connection[Any], schema: str, steps: Iterable[Step]) -> None:
    """Take all steps; raises Superseded where another projector took one. The caller's transaction decides."""
    first = [step for step in steps if step.before is None]
    later = [step for step in steps if step.before is not None]
    try:
        if first:
            _insert(connection, schema, first)
        moved = _update(connection, schema, later) if later else 0
    except errors.UniqueViolation as error:
        raise Superseded(schema) from error
    if moved != len(later):
        raise Superseded(schema)


def _insert(connection: Connection[Any], schema: str, steps: list[Step]) -> None:
    query = sql.SQL(
        "INSERT INTO {} (topic, topic_id, partition, next_offset, seq) "
        "SELECT * FROM unnest(%s::text[], %s::text[], %s::integer[], %s::bigint[], %s::bigint[])"
    ).format(_table(schema))
    connection.execute(
        query,
        (
            [step.where.topic for step in steps],
            [step.where.topic_id for step in steps],
            [step.where.partition for step in steps],
            [step.after.offset for step in steps],
            [step.after.seq for step in steps],
        ),
    )


def _update(connection: Connection[Any], schema: str, steps: list[Step]) -> int:
    query = sql.SQL(
        "UPDATE {} AS c SET next_offset = s.after, seq = s.seq, updated_at = now() "
        "FROM unnest(%s::text[], %s::integer[], %s::bigint[], %s::bigint[], %s::bigint[]) "
        "AS s (topic_id, partition, before, after, seq) "
        "WHERE c.topic_id = s.topic_id AND c.partition = s.partition AND c.next_offset = s.before"
    ).format(_table(schema))
    cursor = connection.execute(
        query,
        (
            [step.where.topic_id for step in steps],
            [step.where.partition for step in steps],
            [step.before.offset if step.before else 0 for step in steps],
            [step.after.offset for step in steps],
            [step.after.seq for step in steps],
        ),
    )
    return cursor.rowcount


def _table(schema: str) -> sql.Identifier:
    return sql.Identifier(schema, "checkpoint")
