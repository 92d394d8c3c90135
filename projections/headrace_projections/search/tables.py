"""What the search projector keeps in Postgres: how far its indexes have come, and which indexes these are.

The checkpoint says something of one index only. So the index's unique id lies beside it: where the search server has
another one under the alias (or none), what the checkpoint says is not believed, and the index is filled again.
"""

from typing import Any

from psycopg import Connection

from headrace_broker.topics import LINEAGE
from headrace_projections import tables
from headrace_projections.search.engine import Engine
from headrace_projections.tables import Tables

NAME = "search"
SEARCH = Tables(
    NAME,
    """
CREATE TABLE live (
    alias           text PRIMARY KEY,
    uuid            text NOT NULL                   -- of the index that the checkpoint speaks of
);
""",
)


def make_live(database: Connection[Any], engine: Engine, alias: str, body: dict[str, Any]) -> None:
    """See to it that the alias has its index, and that the checkpoint speaks of that one."""
    SEARCH.make_live(database)
    with database.transaction():
        tables.lock_to_change(database, NAME)
        index = engine.target(alias)
        if index is None:
            index = f"{alias}-v1"
            engine.drop(index)
            engine.make(index, body)
            engine.point(alias, index)
        uuid = engine.uuid(index)
        if believed(database, alias) != uuid:
            forget(database, alias)
            believe(database, alias, uuid)


def believed(database: Connection[Any], alias: str) -> str | None:
    """The unique id of the index that the checkpoint speaks of."""
    row = database.execute("SELECT uuid FROM search.live WHERE alias = %s", (alias,)).fetchone()
    return row[0] if row else None


def believe(database: Connection[Any], alias: str, uuid: str) -> None:
    """From now on the checkpoint speaks of this index."""
    database.execute(
        "INSERT INTO search.live (alias, uuid) VALUES (%s, %s) ON CONFLICT (alias) DO UPDATE SET uuid = excluded.uuid",
        (alias, uuid),
    )


def forget(database: Connection[Any], alias: str) -> None:
    """Forget how far the alias's index has come: that of lineage reads the derived topic, that of search the rest."""
    same = "=" if alias == "headrace-lineage" else "<>"
    database.execute(f"DELETE FROM search.checkpoint WHERE topic {same} %s", (LINEAGE,))
