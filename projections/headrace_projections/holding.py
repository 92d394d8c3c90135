"""Which projections still hold something of a project.

Beside its data a projection has a row for each topic that it reads. It removes those of a closing project when, or
after, it has removed the project's data. A projection that never ran has no table, and holds nothing.
"""

import psycopg
from psycopg import sql

CHECKPOINTS = {
    "catalogue": "checkpoint",
    "online": "checkpoint",
    "offline": "progress",
    "search": "checkpoint",
    "lineage": "checkpoint",
}
"""Postgres schema of a projection → its table of positions."""


def holding(dsn: str, project: str) -> list[str]:
    """The projections that hold something of the project; raises psycopg.Error."""
    with psycopg.connect(dsn, autocommit=True, application_name="headrace closing", connect_timeout=5) as database:
        return [name for name, table in CHECKPOINTS.items() if _holds(database, name, table, project)]


def _holds(database: psycopg.Connection[tuple[object, ...]], schema: str, table: str, project: str) -> bool:
    name = sql.Identifier(schema, table)
    there = database.execute("SELECT to_regclass(%s)", (name.as_string(database),)).fetchone()
    if there is None or there[0] is None:
        return False
    found = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE starts_with(topic, %s))").format(name)
    row = database.execute(found, (f"{project}.",)).fetchone()
    return row is not None and bool(row[0])
