"""What Postgres is told of the Delta tables: how far each partition is in them, and what did not fit."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from headrace_broker.follower import Partition
from headrace_projections.rows.fit import Refused

_SETUP = Path(__file__).parent / "tables.sql"
_LOCK = 0x6F66666C696E65


class Progress:
    """Follows the Delta tables; may lag behind them, never leads."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._open = self._connect()

    def _connect(self) -> Connection[TupleRow]:
        connection = psycopg.connect(self._dsn, autocommit=True, application_name="headrace offline")
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            connection.execute(_SETUP.read_bytes())
        return connection

    def connection(self) -> Connection[TupleRow]:
        """The connection, another one where the last is closed."""
        return self._connection

    @property
    def _connection(self) -> Connection[TupleRow]:
        if self._open.closed:
            self._open = self._connect()
        return self._open

    def tell(self, positions: Mapping[Partition, int]) -> None:
        """Everything before these positions is in the tables."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO offline.progress (topic, topic_id, partition, next_offset) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (topic_id, partition) "
                "DO UPDATE SET next_offset = excluded.next_offset, updated_at = now()",
                [(where.topic, where.topic_id, where.partition, end) for where, end in positions.items()],
            )

    def count(self, refused: Sequence[Refused]) -> None:
        """Remember what no row came of."""
        if not refused:
            return
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO offline.dead_letters (topic, topic_id, partition, log_offset, error) "
                "VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [found.as_row() for found in refused],
            )

    def forget(self, project: str) -> None:
        """Remember nothing of the project's topics."""
        with self._connection.transaction():
            for table in ("dead_letters", "progress"):
                self._connection.execute(f"DELETE FROM offline.{table} WHERE starts_with(topic, %s)", (f"{project}.",))

    def forget_topic(self, topic_id: str) -> None:
        """Remember nothing of the topic."""
        with self._connection.transaction():
            for table in ("dead_letters", "progress"):
                self._connection.execute(f"DELETE FROM offline.{table} WHERE topic_id = %s", (topic_id,))

    def close(self) -> None:
        """Stop."""
        self._open.close()
