"""Keeping the derived topic equal to the edges of all events.

There is no state to lose. On start every event is folded again, and what the topic does not say yet is written; what it
says already is left alone. So a kill at any moment, between the topic and the checkpoint too, changes nothing that a
reader sees, and an improved rule corrects the topic by itself. A transactional id lets one writer live at a time.
The checkpoint (Postgres schema `lineage`) tells readers how far the events have come, and where on the derived topic
their edges end.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from psycopg import Connection as Database

from headrace_broker.connection import Connection
from headrace_broker.feed import MetadataFeed, Start
from headrace_broker.follower import Follower, Partition
from headrace_broker.record import Entry
from headrace_broker.topics import LINEAGE, events_of
from headrace_broker.transactions import TransactionalWriter
from headrace_events.project import ProjectClosing
from headrace_projections import checkpoint, tables
from headrace_projections.checkpoint import Step
from headrace_projections.lineage.apply import Edges
from headrace_projections.lineage.edge import EdgeCodec, project_of
from headrace_projections.lineage.projector import partition_of
from headrace_projections.tables import Tables

NAME = "lineage"
TABLES = Tables(NAME, "")
WRITER = "headrace.lineage"
ONE_TRANSACTION = 5_000


class Derivation:
    """Folds events into edges; raises BrokerError, ProjectionError or psycopg's, and is then over."""

    def __init__(self, connection: Connection, database: Database[Any]) -> None:
        TABLES.make_live(database)
        self._connection = connection
        self._database = database
        self._codec = EdgeCodec()
        self._edges = Edges()
        self._writer = TransactionalWriter(connection, f"{WRITER}-0")
        self._derived = partition_of(connection, LINEAGE)
        self._said, self._end = _said(connection, self._derived)
        self._before = checkpoint.read(database, NAME)
        self._feed = MetadataFeed(connection, patient=True)
        self._ends: dict[Partition, int] = {}
        self._waiting: dict[bytes, bytes | None] = {}
        self._closed: set[str] = set()
        self._caught_up = False

    def step(self, seconds: float) -> int:
        """Take what came; return how many edges were written."""
        batch = self._feed.poll(seconds)
        self._ends |= batch.ends
        for recorded in batch.events:
            self._waiting |= {edge.key: self._codec.encode(edge) for edge in self._edges.take(recorded)}
            if isinstance(recorded.event, ProjectClosing):
                self._closed.add(recorded.event.project)
        if not self._caught_up and not self._feed.at_end():
            return 0
        if self._closed:
            self._forget()
        new = {key: value for key, value in self._waiting.items() if value is None or self._said.get(key) != value}
        if self._ends:
            self._write(new)
        self._caught_up = True
        self._said = {}
        self._waiting = {}
        self._closed = set()
        self._ends = {}
        return len(new)

    def _forget(self) -> None:
        """Let tombstones wait for every edge of the closed projects that the topic holds, and nothing else of them."""
        said = _said(self._connection, self._derived)[0] if self._caught_up else self._said
        kept = {key: value for key, value in self._waiting.items() if project_of(key) not in self._closed}
        self._waiting = kept | dict.fromkeys(key for key in said if project_of(key) in self._closed)
        topics = {events_of(project) for project in self._closed}
        self._ends = {where: end for where, end in self._ends.items() if where.topic not in topics}

    def _write(self, edges: Mapping[bytes, bytes | None]) -> None:
        with self._database.transaction():
            tables.lock_to_project(self._database, NAME)
            for entries in _chunks(edges, LINEAGE):
                self._end = write(self._writer, entries)
            after = {where: Start(end, self._feed.seq(where.topic)) for where, end in self._ends.items()}
            after[self._derived] = Start(self._end, 0)
            steps = [Step(where, self._before.get(where), start) for where, start in after.items()]
            steps += checkpoint.let_go(self._before, {events_of(project) for project in self._closed})
            checkpoint.move(self._database, NAME, [step for step in steps if step.before != step.after])
        self._before = checkpoint.after(self._before, steps)

    @property
    def at_end(self) -> bool:
        """Whether everything that was there has been derived from."""
        return self._caught_up and self._feed.at_end()

    def lag(self) -> int:
        """How many offsets are still to be read, as the brokers last told."""
        return self._feed.lag()

    def close(self) -> None:
        """Stop."""
        self._feed.close()


def write(writer: TransactionalWriter, entries: list[Entry]) -> int:
    """Write the entries in one transaction; return the offset after the last."""
    writer.begin()
    offsets = writer.write(entries)
    writer.commit_alone()
    return offsets[-1] + 1


def _chunks(edges: Mapping[bytes, bytes | None], topic: str) -> Iterator[list[Entry]]:
    entries = (Entry(topic=topic, key=key, value=value) for key, value in edges.items())
    while chunk := list(islice(entries, ONE_TRANSACTION)):
        yield chunk


def _said(connection: Connection, where: Partition) -> tuple[dict[bytes, bytes], int]:
    """What the topic says now, by key, and the offset after its last record."""
    said: dict[bytes, bytes] = {}
    end = 0
    follower = Follower(connection)
    follower.follow({where: 0})
    while not follower.at_end():
        for record in follower.poll(seconds=1.0).records:
            end = record.offset + 1
            if record.value is None:
                said.pop(record.key or b"", None)
            else:
                said[record.key or b""] = record.value
    follower.close()
    return said, end
