"""The online target: rows and the checkpoint in one Postgres transaction, so that both are there or neither is."""

from collections.abc import Mapping, Sequence

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from headrace_broker.follower import Partition
from headrace_events.envelope import Recorded
from headrace_projections.errors import Superseded
from headrace_projections.online import vectors_table
from headrace_projections.online.binary_copy import binary_copy
from headrace_projections.online.kept_views import KeptViews
from headrace_projections.online.last import last_per_key
from headrace_projections.online.precomputing import Precomputing
from headrace_projections.online.row_text import RowTexts
from headrace_projections.online.tables import SCHEMA, drop, drop_one, make, prepare, table
from headrace_projections.rows.fit import Fitted, Refused
from headrace_projections.rows.groups import Group, Groups

_COLUMNS = sql.SQL("key, event_time, known_at, log_offset, deleted, schema_id, body")
_INCOMING = (
    "CREATE TEMP TABLE IF NOT EXISTS incoming (key bytea, event_time bigint, known_at bigint, log_offset bigint, "
    "deleted boolean, schema_id int, body bytea) ON COMMIT DELETE ROWS"
)
_UPSERT = sql.SQL(
    "INSERT INTO {table} AS stored ({columns}) SELECT {columns} FROM incoming ON CONFLICT (key) DO UPDATE SET "
    "event_time = excluded.event_time, known_at = excluded.known_at, log_offset = excluded.log_offset, "
    "deleted = excluded.deleted, schema_id = excluded.schema_id, body = excluded.body "
    "WHERE (stored.event_time, stored.known_at, stored.log_offset) "
    "< (excluded.event_time, excluded.known_at, excluded.log_offset)"
)
_AND_TELL = sql.SQL(" RETURNING key")
_MOVE = (
    "UPDATE online.checkpoint SET next_offset = %s, updated_at = now() "
    "WHERE topic_id = %s AND partition = %s AND next_offset = %s"
)

_BEGIN = (
    "UPDATE online.checkpoint SET begins = %(begins)s "
    "WHERE topic_id = %(id)s AND partition = %(partition)s AND begins < %(begins)s"
)
_GO_ON = (
    "UPDATE online.checkpoint SET next_offset = %(begins)s, updated_at = now() "
    "WHERE topic_id = %(id)s AND partition = %(partition)s"
)


PIECE = 2_000
"""Rows that a view takes over at once, while rows of all groups go on coming."""


class OnlineTarget:
    """One row per key and the positions up to which the log is in it."""

    name = "online"

    def __init__(self, dsn: str, piece: int = PIECE) -> None:
        self._dsn = dsn
        self._at: dict[Partition, int] = {}
        self._groups = Groups()
        self._views = KeptViews()
        self._texts = RowTexts()
        self._precomputing = Precomputing(self._views, self._texts, piece)
        self._connection = self._connect()

    def _connect(self) -> Connection[TupleRow]:
        connection = psycopg.connect(self._dsn, autocommit=True, application_name="headrace online")
        prepare(connection)
        connection.execute(_INCOMING)
        connection.execute(vectors_table.INCOMING)
        return connection

    def wants(self, group: Group) -> bool:
        """Whether the group is to be read at all."""
        return group.online

    def learn(self, recorded: Recorded, groups: Groups) -> None:
        """Note which views are to be kept ready; `tick` sees to it."""
        self._groups = groups
        self._views.take(recorded)

    def open(self, group: Group) -> Mapping[Partition, int]:
        """Make the group's table, clear it where that is still due; tell where each partition goes on.

        Of a key only the last row is kept, and one that does not count any more may have replaced one that does. So a
        group that is cleared is read again from where its rows begin, in whatever order both came.
        """
        if self._connection.closed:
            self._connection = self._connect()
        make(self._connection, table(group.project, group.name, group.version))
        with self._connection.transaction():
            for where in group.places:
                self._connection.execute(
                    "INSERT INTO online.checkpoint (topic, topic_id, partition, next_offset) VALUES (%s, %s, %s, 0) "
                    "ON CONFLICT DO NOTHING",
                    (where.topic, where.topic_id, where.partition),
                )
            self._clear(group)
            stored = self._connection.execute(
                "SELECT partition, next_offset FROM online.checkpoint WHERE topic_id = %s", (group.topic_id,)
            ).fetchall()
        starts = {Partition(group.topic, group.topic_id, partition): offset for partition, offset in stored}
        self._at |= starts
        return starts

    def _clear(self, group: Group) -> None:
        """Empty the table and go back (or on) to where rows begin, unless that was done before."""
        moved = [
            self._connection.execute(_BEGIN, {"begins": begins, "id": where.topic_id, "partition": where.partition})
            for where, begins in group.starts.items()
        ]
        if any(done.rowcount for done in moved):
            name = table(group.project, group.name, group.version)
            self._connection.execute(sql.SQL("TRUNCATE {}").format(name))
            for part in vectors_table.fed_by(self._connection, group.topic_id):
                vectors_table.clear(self._connection, part)
            for where, begins in group.starts.items():
                go_on = {"begins": begins, "id": where.topic_id, "partition": where.partition}
                self._connection.execute(_GO_ON, go_on)

    def write(self, group: Group, fitted: Fitted, ends: Mapping[Partition, int]) -> None:
        """Take these rows, and remember that everything before `ends` is in; raises Superseded, psycopg.Error."""
        moved = {where: end for where, end in ends.items() if end != self._at[where]}
        if not moved:
            return
        with self._connection.transaction():
            for where, end in moved.items():
                done = self._connection.execute(_MOVE, (end, where.topic_id, where.partition, self._at[where]))
                if done.rowcount != 1:
                    raise Superseded(SCHEMA)
            if fitted.rows:
                self._upsert(group, fitted)
            if fitted.refused:
                self._count(fitted.refused)
        self._at |= moved

    def _upsert(self, group: Group, fitted: Fitted) -> None:
        """Write the rows that count, and what they change in vectors that are kept ready."""
        chosen = last_per_key(fitted.rows)
        parts = vectors_table.fed_by(self._connection, group.topic_id)
        statement = _UPSERT.format(table=table(group.project, group.name, group.version), columns=_COLUMNS)
        with self._connection.cursor(binary=True) as cursor:
            with cursor.copy(sql.SQL("COPY incoming ({}) FROM STDIN (FORMAT BINARY)").format(_COLUMNS)) as copy:
                copy.write(binary_copy(chosen))
            cursor.execute(statement + _AND_TELL if parts else statement)
            written = {key for (key,) in cursor.fetchall()} if parts else set()
        if written:
            told = [
                (part, self._texts.of_batch(group, fitted.schemas, chosen, written, part.features)) for part in parts
            ]
            vectors_table.take(self._connection, told)

    def _count(self, refused: Sequence[Refused]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO online.dead_letters (topic, topic_id, partition, log_offset, error) "
                "VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [found.as_row() for found in refused],
            )

    def forget(self, project: str) -> None:
        """Drop the project's tables, and the positions up to which the log was in them."""
        if self._connection.closed:
            self._connection = self._connect()
        self._at = {where: offset for where, offset in self._at.items() if not where.topic.startswith(f"{project}.")}
        self._views.forget(project)
        drop(self._connection, project)

    def remove(self, group: Group) -> None:
        """Drop the group's table, and the positions up to which the log was in it."""
        if self._connection.closed:
            self._connection = self._connect()
        for where in group.places:
            self._at.pop(where, None)
        drop_one(self._connection, table(group.project, group.name, group.version), group.topic_id)

    def tick(self) -> Mapping[str, Exception]:
        """Do a piece of what is due for views; of rows nothing waits here: what was written is visible."""
        if self._views.begun or self._views.ended:
            if self._connection.closed:
                self._connection = self._connect()
            self._precomputing.step(self._connection, self._groups)
        return {}

    def close(self) -> None:
        """Stop."""
        self._connection.close()
