"""Keeping the index of findable things in step with the metadata of every project.

Documents are written whole, so all of them are folded again in memory on start; what the checkpoint has passed is
folded only, what comes after it is written as well. A batch is first visible to searches, then in the checkpoint: read
again after a crash, it meets documents of the same version, and these stay as they are.
"""

from typing import Any

from psycopg import Connection as Database

from headrace_broker.connection import Connection
from headrace_broker.feed import MetadataFeed, Start
from headrace_broker.topics import LINEAGE
from headrace_events.project import ProjectClosing
from headrace_projections import checkpoint, tables
from headrace_projections.checkpoint import Step
from headrace_projections.search.apply import Documents
from headrace_projections.search.document import Document
from headrace_projections.search.engine import Engine
from headrace_projections.search.index import ALIAS, BODY
from headrace_projections.search.tables import NAME, make_live


class SearchProjector:
    """Writes documents through the alias; raises BrokerError, ProjectionError or psycopg's, and is then over."""

    def __init__(self, connection: Connection, engine: Engine, database: Database[Any]) -> None:
        make_live(database, engine, ALIAS, BODY)
        self._engine = engine
        self._database = database
        self._documents = Documents()
        self._before = {
            where: start for where, start in checkpoint.read(database, NAME).items() if where.topic != LINEAGE
        }
        self._feed = MetadataFeed(connection, patient=True)

    def step(self, seconds: float) -> int:
        """Take what came; return how many documents it changed."""
        batch = self._feed.poll(seconds)
        changed: dict[str, Document] = {}
        passed = {(where.topic_id, where.partition): start.offset for where, start in self._before.items()}
        for recorded in batch.events:
            documents = self._documents.take(recorded)
            if recorded.at.offset >= passed.get((recorded.at.topic_id, recorded.at.partition), 0):
                changed |= {document.key: document for document in documents}
        closed = [one.event.project for one in batch.events if isinstance(one.event, ProjectClosing)]
        steps = [
            Step(where, self._before.get(where), Start(end, self._feed.seq(where.topic)))
            for where, end in batch.ends.items()
            if where not in self._before or end > self._before[where].offset
        ]
        steps += checkpoint.let_go(self._before, checkpoint.closed_topics(batch.events))
        if steps:
            self._write([one for one in changed.values() if one.project not in closed], steps, closed)
        return len(changed)

    def _write(self, documents: list[Document], steps: list[Step], closed: list[str]) -> None:
        with self._database.transaction():
            tables.lock_to_project(self._database, NAME)
            self._engine.write(ALIAS, (document.entry() for document in documents), visible=True)
            for project in closed:
                self._engine.forget(ALIAS, project)
            checkpoint.move(self._database, NAME, steps)
        self._before = checkpoint.after(self._before, steps)

    @property
    def at_end(self) -> bool:
        """Whether everything that was there has been read."""
        return self._feed.at_end()

    def lag(self) -> int:
        """How many offsets are still to be read, as the brokers last told."""
        return self._feed.lag()

    def close(self) -> None:
        """Stop."""
        self._feed.close()
