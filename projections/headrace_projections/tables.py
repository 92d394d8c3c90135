"""The tables of a projection in a schema of their own, marked with the text that made them."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from psycopg import Connection, sql

from headrace_projections import checkpoint
from headrace_projections.errors import AlreadyRebuilding, OutOfDate

_TABLE = re.compile(r"^CREATE TABLE (\w+) \((.*?)^\);", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Tables:
    """The definition of a projection's tables: the name of its live schema, and SQL without schema names."""

    name: str
    definition: str

    @cached_property
    def mark(self) -> str:
        """What the schema's comment says when its tables have this shape."""
        return hashlib.sha256((self.definition + checkpoint.TABLE).encode()).hexdigest()

    @cached_property
    def of_a_project(self) -> tuple[str, ...]:
        """The tables in which every row belongs to a project: `project` is the first column of the primary key."""
        return tuple(name for name, body in _TABLE.findall(self.definition) if "PRIMARY KEY (project, " in body)

    def make(self, connection: Connection[Any], schema: str) -> None:
        """Make the schema and its tables, empty, in the caller's transaction; the schema must not exist."""
        name = sql.Identifier(schema)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
        connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(name))
        connection.execute((self.definition + checkpoint.TABLE).encode())
        connection.execute("SET LOCAL search_path TO DEFAULT")
        connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(self.mark)))

    def make_live(self, connection: Connection[Any]) -> None:
        """Make the live schema where there is none, once; raises OutOfDate where it has another shape."""
        with connection.transaction():
            lock_to_change(connection, self.name)
            if not exists(connection, self.name):
                self.make(connection, self.name)
            elif _comment(connection, self.name) != self.mark:
                raise OutOfDate(self.name)


def exists(connection: Connection[Any], schema: str) -> bool:
    """Whether there is such a schema."""
    found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone()
    return found is not None


def drop(connection: Connection[Any], schema: str) -> None:
    """Remove the schema with all that is in it, if it is there."""
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def rename(connection: Connection[Any], old: str, new: str) -> None:
    """Give a schema another name, in the caller's transaction."""
    connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))


def lock_to_project(connection: Connection[Any], name: str) -> None:
    """Until the transaction ends, let nobody replace the projection's tables; many projectors may hold this at once."""
    connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", (_lock(name),))


def lock_to_change(connection: Connection[Any], name: str) -> None:
    """Until the transaction ends, let nobody write to the projection's tables but this connection."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_lock(name),))


@contextmanager
def only_rebuild(connection: Connection[Any], name: str) -> Iterator[None]:
    """Let nobody else rebuild the projection meanwhile; raises AlreadyRebuilding where somebody does."""
    lock = (_lock(f"rebuild {name}"),)
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", lock).fetchone()
    if row is None or not row[0]:
        raise AlreadyRebuilding(name)
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s)", lock)


def _lock(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"headrace projection {name}".encode()).digest()[:8], signed=True)


def _comment(connection: Connection[Any], schema: str) -> str | None:
    query = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s"
    row = connection.execute(query, (schema,)).fetchone()
    return row[0] if row else None
