"""How far a projection has come, kept beside its data: one row per partition, moved in the transaction of the data.

A row moves by compare-and-set. Of two projectors that both believe they own a projection, one commits; the other
finds its row moved, rolls back, and reads the checkpoint again.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, errors, sql

from headrace_broker.feed import Start
from headrace_broker.follower import Partition
from headrace_broker.topics import events_of
from headrace_events.envelope import Recorded
from headrace_events.project import ProjectClosing
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
    """One partition's checkpoint as it is and as it becomes; None stands for no row, before it or after it."""

    where: Partition
    before: Start | None
    after: Start | None


def read(connection: Connection[Any], schema: str) -> dict[Partition, Start]:
    """The checkpoint of the projection in that schema."""
    query = sql.SQL("SELECT topic, topic_id, partition, next_offset, seq FROM {}").format(_table(schema))
    rows = connection.execute(query).fetchall()
    return {
        Partition(topic, topic_id, partition): Start(offset, seq) for topic, topic_id, partition, offset, seq in rows
    }


def closed_topics(events: Iterable[Recorded]) -> set[str]:
    """The topics that these events say will be read no more: those of projects that are closing."""
    return {events_of(one.event.project) for one in events if isinstance(one.event, ProjectClosing)}


def let_go(known: Vector, topics: Collection[str]) -> list[Step]:
    """The steps by which the checkpoint forgets these topics."""
    return [Step(where, start, None) for where, start in known.items() if where.topic in topics]


def after(known: Vector, steps: Iterable[Step]) -> dict[Partition, Start]:
    """The checkpoint once these steps are taken."""
    moved = {step.where: step.after for step in steps}
    kept = {where: start for where, start in known.items() if where not in moved}
    return kept | {where: start for where, start in moved.items() if start is not None}


def move(connection: Connection[Any], schema: str, steps: Iterable[Step]) -> None:
    """Take all steps; raises Superseded where another projector took one. The caller's transaction decides."""
    kept = [(step.where, step.before, step.after) for step in steps if step.after is not None]
    first = [(where, after) for where, before, after in kept if before is None]
    later = [(where, before, after) for where, before, after in kept if before is not None]
    left = [(step.where, step.before) for step in steps if step.after is None and step.before is not None]
    try:
        if first:
            _insert(connection, schema, first)
        moved = _update(connection, schema, later) if later else 0
        moved += _delete(connection, schema, left) if left else 0
    except errors.UniqueViolation as error:
        raise Superseded(schema) from error
    if moved != len(later) + len(left):
        raise Superseded(schema)


def _delete(connection: Connection[Any], schema: str, steps: list[tuple[Partition, Start]]) -> int:
    query = sql.SQL(
        "DELETE FROM {} AS c USING unnest(%s::text[], %s::integer[], %s::bigint[]) AS s (topic_id, partition, before) "
        "WHERE c.topic_id = s.topic_id AND c.partition = s.partition AND c.next_offset = s.before"
    ).format(_table(schema))
    cursor = connection.execute(
        query,
        (
            [where.topic_id for where, _ in steps],
            [where.partition for where, _ in steps],
            [before.offset for _, before in steps],
        ),
    )
    return cursor.rowcount


def _insert(connection: Connection[Any], schema: str, steps: list[tuple[Partition, Start]]) -> None:
    query = sql.SQL(
        "INSERT INTO {} (topic, topic_id, partition, next_offset, seq) "
        "SELECT * FROM unnest(%s::text[], %s::text[], %s::integer[], %s::bigint[], %s::bigint[])"
    ).format(_table(schema))
    connection.execute(
        query,
        (
            [where.topic for where, _ in steps],
            [where.topic_id for where, _ in steps],
            [where.partition for where, _ in steps],
            [after.offset for _, after in steps],
            [after.seq for _, after in steps],
        ),
    )


def _update(connection: Connection[Any], schema: str, steps: list[tuple[Partition, Start, Start]]) -> int:
    query = sql.SQL(
        "UPDATE {} AS c SET next_offset = s.after, seq = s.seq, updated_at = now() "
        "FROM unnest(%s::text[], %s::integer[], %s::bigint[], %s::bigint[], %s::bigint[]) "
        "AS s (topic_id, partition, before, after, seq) "
        "WHERE c.topic_id = s.topic_id AND c.partition = s.partition AND c.next_offset = s.before"
    ).format(_table(schema))
    cursor = connection.execute(
        query,
        (
            [where.topic_id for where, _, _ in steps],
            [where.partition for where, _, _ in steps],
            [before.offset for _, before, _ in steps],
            [after.offset for _, _, after in steps],
            [after.seq for _, _, after in steps],
        ),
    )
    return cursor.rowcount


def _table(schema: str) -> sql.Identifier:
    return sql.Identifier(schema, "checkpoint")
