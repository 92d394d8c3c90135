"""Which projections still hold something of a project.

Beside its data a projection has a row for each topic that it reads. It removes those of a closing project when, or
after, it has removed the project's data. Monitoring reads no topic of a project's own, so its rows themselves count. A
projection that never ran has no table, and holds nothing.
"""

import psycopg
from psycopg import sql

Database = psycopg.Connection[tuple[object, ...]]

CHECKPOINTS = {
    "catalogue": "checkpoint",
    "online": "checkpoint",
    "offline": "progress",
    "search": "checkpoint",
    "lineage": "checkpoint",
}
"""Postgres schema of a projection → its table of positions."""

MONITORING = ("windows", "bins", "unmatched", "reference_of", "reference_bins")
"""Tables of the projection `monitoring` in which every row is of a project."""


def holding(dsn: str, project: str) -> list[str]:
    """The projections that hold something of the project; raises psycopg.Error."""
    with psycopg.connect(dsn, autocommit=True, application_name="headrace closing", connect_timeout=2) as database:
        holders = [name for name, table in CHECKPOINTS.items() if _reads(database, name, table, project)]
        watching = any(_has(database, "monitoring", table, project) for table in MONITORING)
        return [*holders, *(["monitoring"] if watching else [])]


def _reads(database: Database, schema: str, table: str, project: str) -> bool:
    return _found(database, schema, table, sql.SQL("starts_with(topic, {})").format(f"{project}."))


def _has(database: Database, schema: str, table: str, project: str) -> bool:
    return _found(database, schema, table, sql.SQL("project = {}").format(project))


def _found(database: Database, schema: str, table: str, of_it: sql.Composed) -> bool:
    name = sql.Identifier(schema, table)
    there = database.execute("SELECT to_regclass(%s)", (name.as_string(database),)).fetchone()
    if there is None or there[0] is None:
        return False
    row = database.execute(sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {})").format(name, of_it)).fetchone()
    return row is not None and bool(row[0])
