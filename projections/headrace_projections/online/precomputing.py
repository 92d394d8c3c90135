"""Keeping vectors of views ready: beginning, taking over the rows that are there, and letting go.

What a view is fed by stands in Postgres, and is read in the transaction that writes rows. So no writer, however old
what it knows, writes rows that the vectors do not get. What lies there already is taken over piece by piece, between
batches of rows, under the lock that every writer of the topic takes first.
"""

import logging
import time
from collections.abc import Mapping

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from headrace_projections.online import vectors_table
from headrace_projections.online.kept_views import At, KeptView, KeptViews
from headrace_projections.online.row_text import RowTexts
from headrace_projections.online.tables import LOCK, table
from headrace_projections.online.vectors_table import FedPart, vectors_table_name
from headrace_projections.rows.groups import Group, Groups

logger = logging.getLogger("headrace.rows")

_PAUSE_S = 5.0
"""How long a view rests of which something went wrong."""

_ADD = (
    "INSERT INTO online.view_vectors (name, part, project, view, version, seq, topic_id, features) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
_KNOWN = "SELECT name, seq FROM online.view_vectors WHERE project = %s AND view = %s AND version = %s"
_DUE = "SELECT part, features, filled_to FROM online.view_vectors WHERE name = %s AND NOT filled ORDER BY part LIMIT 1"
_MOVE = "UPDATE online.view_vectors SET filled_to = %s, filled = %s WHERE name = %s AND part = %s"
_NEXT = sql.SQL("SELECT key, event_time, deleted, schema_id, body FROM {} WHERE key > %b ORDER BY key LIMIT %s")


class Precomputing:
    """What is due for views, done a piece at a time; made for one connection after the other."""

    def __init__(self, views: KeptViews, texts: RowTexts, piece: int) -> None:
        self._views = views
        self._texts = texts
        self._piece = piece
        self._again: dict[At, float] = {}

    def step(self, connection: Connection[TupleRow], groups: Groups) -> None:
        """Let go of what ended, begin what can begin, take over a piece of every other; raises OperationalError."""
        now = time.monotonic()
        for at, seq in list(self._views.ended.items()):
            _drop(connection, at, before=seq)
            del self._views.ended[at]
        for at, kept in list(self._views.begun.items()):
            if self._again.get(at, 0.0) > now:
                continue
            try:
                if self._done(connection, groups, kept):
                    del self._views.begun[at]
            except psycopg.OperationalError:
                raise
            except Exception:
                logger.exception("vectors of %s are taken over again in %.0f s", at, _PAUSE_S)
                self._again[at] = now + _PAUSE_S

    def _done(self, connection: Connection[TupleRow], groups: Groups, kept: KeptView) -> bool:
        """Whether the view is fed, and all that was there is taken over; else take over a piece."""
        parts = [groups.by_topic.get(kept.topic(part)) for part in kept.parts]
        known = [group for group in parts if group is not None]
        if len(known) < len(parts):
            return False
        name = vectors_table_name(kept.project, kept.name, kept.version, kept.seq)
        if not _begin(connection, kept, name, known):
            return True
        return not self._take_over(connection, groups, name, known)

    def _take_over(self, connection: Connection[TupleRow], groups: Groups, name: str, parts: list[Group]) -> bool:
        """Take over a piece of the first part that lacks some; False where none does."""
        found = connection.execute(_DUE, (name,)).fetchone()
        if found is None:
            return False
        number, features, _ = found
        group = parts[number]
        with connection.transaction():
            locked = connection.execute(
                "SELECT 1 FROM online.checkpoint WHERE topic_id = %s ORDER BY partition FOR UPDATE", (group.topic_id,)
            ).fetchall()
            if len(locked) < group.partitions:
                return True
            due = connection.execute(_DUE + " FOR UPDATE", (name,)).fetchone()
            if due is None or due[0] != number:
                return True
            stored = connection.execute(
                _NEXT.format(table(group.project, group.name, group.version)), (due[2], self._piece), binary=True
            ).fetchall()
            schemas = groups.schemas_of(group)
            if any(row[3] not in schemas for row in stored if not row[2]):
                return True
            part = FedPart(name=name, part=number, features=tuple(features))
            told = self._texts.of_stored(group, schemas, stored, part.features)
            vectors_table.take(connection, [(part, told)])
            last = stored[-1][0] if stored else due[2]
            connection.execute(_MOVE, (last, len(stored) < self._piece, name, number))
        return True


def _begin(connection: Connection[TupleRow], kept: KeptView, name: str, parts: list[Group]) -> bool:
    """Let the view be fed from now on, if it is not; False where a later event began it anew."""
    at = (kept.project, kept.name, kept.version)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        known: Mapping[str, int] = dict(connection.execute(_KNOWN, at).fetchall())
        if any(seq > kept.seq for seq in known.values()):
            return False
        if name in known:
            return True
        _forget(connection, known)
        vectors_table.make(connection, name, len(parts))
        for number, (part, group) in enumerate(zip(kept.parts, parts, strict=True)):
            line = (name, number, *at, kept.seq, group.topic_id, list(part.features))
            connection.execute(_ADD, line)
        return True


def _drop(connection: Connection[TupleRow], at: At, *, before: int) -> None:
    """Let go of the table of the view that began before that event."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        known = connection.execute(_KNOWN, at).fetchall()
        _forget(connection, {name: seq for name, seq in known if seq < before})


def _forget(connection: Connection[TupleRow], known: Mapping[str, int]) -> None:
    for name in known:
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(vectors_table.table(name)))
        connection.execute("DELETE FROM online.view_vectors WHERE name = %s", (name,))
