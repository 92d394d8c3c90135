"""Making the trail's tables again from the log, beside the live ones."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from headrace_broker.connection import Connection as LogConnection
from headrace_broker.connection import connection_from
from headrace_broker.feed import Start
from headrace_broker.follower import Follower
from headrace_broker.record import Record
from headrace_projections import checkpoint
from headrace_projections.audit.apply import apply
from headrace_projections.audit.projector import NAME, TABLES, forget, trail_on
from headrace_projections.checkpoint import Step
from headrace_projections.digest import compare
from headrace_projections.errors import NoSuchMoment
from headrace_projections.folding import fold
from headrace_projections.moments import AtTime, Moment
from headrace_projections.postgres import connect, translated
from headrace_projections.rebuilt import Advance, Rebuilt, Report, outcome, say_nothing
from headrace_projections.tables import drop, exists, lock_to_change, only_rebuild, rename
from headrace_projections.writing import Writer


@dataclass(frozen=True, slots=True)
class AuditRebuild:
    """Rebuilds the trail's tables; see Rebuildable."""

    log: LogConnection
    dsn: str

    @property
    def name(self) -> str:
        """The projection's name, which is its live schema's."""
        return NAME

    def rebuild(self, *, verify: bool = False, as_of: Moment | None = None, report: Report = say_nothing) -> Rebuilt:
        """Make the tables again; see Rebuildable. `as_of` is a time. Raises ProjectionError and BrokerError."""
        with translated(), connect(self.dsn, "rebuild audit") as database, only_rebuild(database, NAME):
            if as_of is not None:
                return self._as_it_was(database, as_of, report)
            building = _Building(self.log, database, f"{NAME}_next", report)
            try:
                return self._replace(database, building, verify)
            finally:
                building.close()

    def _replace(self, database: Connection[Any], building: "_Building", verify: bool) -> Rebuilt:
        """To compare, the live tables stand still from the first record on: their checkpoint is the end."""
        before, compared = f"{NAME}_before", None
        drop(database, before)
        if not verify:
            building.read()
        with database.transaction():
            lock_to_change(database, NAME)
            live = exists(database, NAME)
            building.read(building.live() if live else 0, exactly=verify and live)
            building.mark()
            seconds = building.seconds()
            if live:
                forget(database, NAME, building.beginning())
                compared = compare(database, NAME, building.schema, checkpoint.WALL_CLOCK) if verify else None
                rename(database, NAME, before)
            rename(database, building.schema, NAME)
        drop(database, before)
        return outcome(NAME, NAME, building.acts, seconds, compared)

    def _as_it_was(self, database: Connection[Any], moment: Moment, report: Report) -> Rebuilt:
        if not isinstance(moment, AtTime):
            raise NoSuchMoment("the audit trail is not numbered: give a time")
        building = _Building(self.log, database, f"{NAME}_as_of_{moment.time}", report)
        try:
            building.read(holds=lambda record: record.timestamp * 1000 <= moment.time)
            building.mark()
            return outcome(NAME, building.schema, building.acts, building.seconds(), None)
        finally:
            building.close()


class _Building:
    """The tables as they grow in a schema of their own."""

    def __init__(self, log: LogConnection, database: Connection[Any], schema: str, report: Report) -> None:
        self.schema = schema
        self.acts = 0
        self._database = database
        self._report = report
        self._writer = Writer(schema)
        self._began = time.monotonic()
        self._end = 0
        self._where = trail_on(log)
        self._follower = Follower(log)
        self._follower.follow({self._where: 0})
        with database.transaction():
            drop(database, schema)
            TABLES.make(database, schema)

    def read(self, least: int = 0, *, exactly: bool = False, holds: Callable[[Record], bool] = lambda _: True) -> None:
        """Write what is there, at least the records before `least`; with `exactly` those and no others."""
        while self._end < least or not (exactly or self._follower.at_end()):
            batch = self._follower.poll(seconds=0.2)
            self._end = batch.ends.get(self._where, self._end)
            self._write([one for one in batch.records if holds(one) and not (exactly and one.offset >= least)])
        if exactly:
            self._end = least

    def _write(self, records: list[Record]) -> None:
        with self._database.transaction():
            self._writer.write(self._database, fold(change for record in records for change in apply(record)))
        self.acts += len(records)
        self._report(Advance(events=self.acts, events_per_second=self.acts / self.seconds()))

    def live(self) -> int:
        """The next offset of the live tables; 0 where they were read from another topic."""
        return checkpoint.read(self._database, NAME).get(self._where, Start()).offset

    def mark(self) -> None:
        """Write the checkpoint."""
        checkpoint.move(self._database, self.schema, [Step(self._where, None, Start(self._end))])

    def beginning(self) -> int:
        """The first offset that the log still has."""
        return self._follower.beginning(self._where)

    def seconds(self) -> float:
        """How long it has taken so far."""
        return max(time.monotonic() - self._began, 1e-6)

    def close(self) -> None:
        """Let go of the log."""
        self._follower.close()


def rebuildable(environment: Mapping[str, str]) -> AuditRebuild:
    """The trail on the log and in the database of that environment; raises KeyError naming what is missing."""
    return AuditRebuild(connection_from(environment), environment["HEADRACE_POSTGRES"])
