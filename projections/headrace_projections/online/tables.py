"""What the tables of online features are called and made of."""

import hashlib
from pathlib import Path

from psycopg import Connection, sql
from psycopg.rows import TupleRow

SCHEMA = "online"
_LONGEST = 63
"""Postgres cuts longer names off, and two cut names could be one."""

_FILL = 50
"""Of a page, so much is filled with rows (%), and the rest is room for their next versions.

A version that fits into the page of the one before needs no entry in the index. Where whole groups are written over,
that is a third of Postgres's time, and the table is smaller than a full one becomes when its rows have to move.
"""

_SETUP = Path(__file__).parent / "tables.sql"
LOCK = 0x6F6E6C696E65
"""Whoever makes or drops tables holds this one."""


def table_name(project: str, group: str, version: int) -> str:
    """`<project>.<group>.<version>`, or where that is too long, its beginning and a hash of all of it."""
    whole = f"{project}.{group}.{version}"
    if len(whole) <= _LONGEST:
        return whole
    return f"{whole[:42]}.{hashlib.sha256(whole.encode()).hexdigest()[:20]}"


def table(project: str, group: str, version: int) -> sql.Identifier:
    """The table of a group version, as it goes into a statement."""
    return sql.Identifier(SCHEMA, table_name(project, group, version))


def prepare(connection: Connection[TupleRow]) -> None:
    """Make the schema and its fixed tables where they are missing."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        connection.execute(_SETUP.read_bytes())


def make(connection: Connection[TupleRow], name: sql.Identifier) -> None:
    """Make a group's table where it is missing: one row a key, the body as it was written."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} ("
                "key bytea PRIMARY KEY, event_time bigint NOT NULL, known_at bigint NOT NULL, "
                "log_offset bigint NOT NULL, "
                "deleted boolean NOT NULL, schema_id int NOT NULL, body bytea NOT NULL) WITH (fillfactor = {})"
            ).format(name, sql.Literal(_FILL))
        )


def drop_one(connection: Connection[TupleRow], name: sql.Identifier, topic_id: str) -> None:
    """Drop a group's table, and all that is remembered of its topic, in one transaction."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))
        for table_of_all in ("dead_letters", "checkpoint"):
            forget = sql.SQL("DELETE FROM {} WHERE topic_id = %s").format(sql.Identifier(SCHEMA, table_of_all))
            connection.execute(forget, (topic_id,))


def drop(connection: Connection[TupleRow], project: str) -> None:
    """Drop every table of a project, and all that is remembered of its topics, in one transaction."""
    mine = f"{project}."
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        found = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s AND starts_with(tablename, %s)", (SCHEMA, mine)
        ).fetchall()
        for (name,) in found:
            connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(SCHEMA, name)))
        for name in ("dead_letters", "checkpoint"):
            forget = sql.SQL("DELETE FROM {} WHERE starts_with(topic, %s)").format(sql.Identifier(SCHEMA, name))
            connection.execute(forget, (mine,))
        connection.execute("DELETE FROM online.view_vectors WHERE project = %s", (project,))
