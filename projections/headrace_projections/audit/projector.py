"""The trail into Postgres: each batch and its checkpoint in one transaction, from a start to the first failure."""

import time
from pathlib import Path
from typing import Any

from psycopg import Connection, sql

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection as LogConnection
from headrace_broker.errors import Missing
from headrace_broker.feed import Start
from headrace_broker.follower import Batch, Follower, Partition
from headrace_broker.topics import AUDIT
from headrace_projections import checkpoint
from headrace_projections.audit.apply import apply
from headrace_projections.checkpoint import Step
from headrace_projections.folding import fold
from headrace_projections.postgres import connect, translated
from headrace_projections.tables import Tables, lock_to_project
from headrace_projections.writing import Writer

NAME = "audit"
TABLES = Tables(NAME, Path(__file__).with_name("tables.sql").read_text())
FORGET_S = 3_600.0
"""How often rows are dropped that the log has dropped."""


def trail_on(log: LogConnection) -> Partition:
    """Where the trail lies; raises Missing."""
    found = Admin(log).topic_ids([AUDIT])
    if AUDIT not in found:
        raise Missing(f"{AUDIT} does not exist: prepare the log first")
    return Partition(AUDIT, found[AUDIT][0], 0)


def forget(database: Connection[Any], schema: str, before: int) -> None:
    """Drop the rows of records that the log no longer keeps."""
    database.execute(sql.SQL("DELETE FROM {} WHERE log_offset < %s").format(sql.Identifier(schema, "acts")), (before,))


class Projector:
    """One projector of the trail, until something fails or it is closed."""

    def __init__(self, log: LogConnection, dsn: str) -> None:
        self._writer = Writer(NAME)
        self._where = trail_on(log)
        self._forgot = 0.0
        self._database = connect(dsn, NAME)
        try:
            with translated():
                TABLES.make_live(self._database)
                self._at = self._known()
        except BaseException:
            self._database.close()
            raise
        self._follower = Follower(log, patient=True)
        self._follower.follow({self._where: (self._at or Start()).offset})

    def _known(self) -> Start | None:
        known = checkpoint.read(self._database, NAME)
        if set(known) - {self._where}:
            raise Missing(f"{AUDIT} is another topic than the one read before: rebuild {NAME}")
        return known.get(self._where)

    def step(self, seconds: float = 0.5) -> int:
        """Project what comes next; the number of acts. Raises ProjectionError, BrokerError and SchemaError."""
        batch = self._follower.poll(seconds=seconds)
        if batch.records:
            self._commit(batch)
        if time.monotonic() - self._forgot > FORGET_S:
            with translated(), self._database.transaction():
                lock_to_project(self._database, NAME)
                forget(self._database, NAME, self._follower.beginning(self._where))
            self._forgot = time.monotonic()
        return len(batch.records)

    def _commit(self, batch: Batch) -> None:
        folded = fold(change for record in batch.records for change in apply(record))
        after = Start(batch.ends[self._where])
        with translated(), self._database.transaction():
            lock_to_project(self._database, NAME)
            checkpoint.move(self._database, NAME, [Step(self._where, self._at, after)])
            self._writer.write(self._database, folded)
        self._at = after

    def lag(self) -> int:
        """How many offsets are still to be read, as the brokers last told."""
        return self._follower.lag()

    def caught_up(self) -> bool:
        """Whether everything that was there has been read."""
        return self._follower.at_end()

    def close(self) -> None:
        """Let go of the log and the database."""
        self._follower.close()
        self._database.close()
