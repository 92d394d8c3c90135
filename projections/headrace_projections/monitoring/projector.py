"""Derived topics into Postgres: each batch and its checkpoint in one transaction, from a start to the first failure.

Nothing here is worth keeping: tables of another shape, or of topics that are no more, are dropped and made again.
"""

import logging
from pathlib import Path

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection as LogConnection
from headrace_broker.errors import Missing
from headrace_broker.feed import Start
from headrace_broker.follower import Batch, Follower, Partition
from headrace_broker.topics import REFERENCES, WINDOWS
from headrace_projections import checkpoint
from headrace_projections.checkpoint import Step
from headrace_projections.errors import OutOfDate
from headrace_projections.folding import fold
from headrace_projections.monitoring.apply import apply_reference, apply_window
from headrace_projections.postgres import connect, translated
from headrace_projections.tables import Tables, drop, lock_to_change, lock_to_project
from headrace_projections.writing import Writer

logger = logging.getLogger(__name__)

NAME = "monitoring"
TABLES = Tables(NAME, Path(__file__).with_name("tables.sql").read_text())
APPLY = {WINDOWS: apply_window, REFERENCES: apply_reference}


class Projector:
    """One projector of windows and references, until something fails or it is closed."""

    def __init__(self, log: LogConnection, dsn: str) -> None:
        self._writer = Writer(NAME)
        found = Admin(log).topic_ids(APPLY)
        if missing := sorted(set(APPLY) - set(found)):
            raise Missing(f"{', '.join(missing)}: prepare the log first")
        followed = [Partition(topic, found[topic][0], number) for topic in APPLY for number in range(found[topic][1])]
        self._database = connect(dsn, NAME)
        try:
            with translated():
                self._known = self._prepared(followed)
        except BaseException:
            self._database.close()
            raise
        self._follower = Follower(log)
        self._follower.follow({where: self._known.get(where, Start()).offset for where in followed})

    def _prepared(self, followed: list[Partition]) -> dict[Partition, Start]:
        try:
            TABLES.make_live(self._database)
        except OutOfDate as error:
            logger.warning("%s; doing so", error)
            self._start_over()
        known = checkpoint.read(self._database, NAME)
        if set(known) <= set(followed):
            return known
        logger.warning("the derived topics are not those that were read before: reading them from their beginning")
        self._start_over()
        return {}

    def _start_over(self) -> None:
        with self._database.transaction():
            lock_to_change(self._database, NAME)
            drop(self._database, NAME)
            TABLES.make(self._database, NAME)

    def step(self, seconds: float = 0.5) -> int:
        """Project what comes next; the number of records. Raises ProjectionError, BrokerError and SchemaError."""
        batch = self._follower.poll(seconds=seconds)
        if batch.records:
            self._commit(batch)
        return len(batch.records)

    def _commit(self, batch: Batch) -> None:
        folded = fold(change for record in batch.records for change in APPLY[record.topic](record))
        steps = [Step(where, self._known.get(where), Start(end)) for where, end in batch.ends.items()]
        steps = [step for step in steps if step.before != step.after]
        with translated(), self._database.transaction():
            lock_to_project(self._database, NAME)
            checkpoint.move(self._database, NAME, steps)
            self._writer.write(self._database, folded)
        self._known = checkpoint.after(self._known, steps)

    def caught_up(self) -> bool:
        """Whether everything that was there has been read."""
        return self._follower.at_end()

    def close(self) -> None:
        """Let go of the log and the database."""
        self._follower.close()
        self._database.close()
