"""Making a projection of metadata in Postgres again, beside the live one, and putting it in its place.

The new tables grow in `<name>_next` while the live projector goes on. Then its writes are held back by a lock, the
new tables are brought to the live checkpoint or beyond, and the schemas change names in one transaction. The
projector goes on from the new checkpoint. To compare, the new tables are brought to exactly the live checkpoint. What
differed is reported and replaced all the same: the log is right.
"""

from collections.abc import Callable
from typing import Any

from psycopg import Connection

from headrace_broker.connection import Connection as LogConnection
from headrace_broker.follower import Partition
from headrace_events.envelope import Recorded
from headrace_projections import checkpoint
from headrace_projections.building import Building, Pace
from headrace_projections.changes import Change
from headrace_projections.checkpoint import Vector
from headrace_projections.digest import compare
from headrace_projections.moments import AtSeq, AtTime, Cut, Moment, not_there
from headrace_projections.postgres import connect, translated
from headrace_projections.rebuilt import Rebuilt, Report, outcome, say_nothing
from headrace_projections.replay import Replay
from headrace_projections.tables import Tables, drop, exists, lock_to_change, only_rebuild, rename


class MetadataRebuild:
    """Rebuilds one projection of metadata; see Rebuildable."""

    def __init__(self, log: LogConnection, dsn: str, tables: Tables, apply: Callable[[Recorded], list[Change]]) -> None:
        self._log = log
        self._dsn = dsn
        self._tables = tables
        self._apply = apply

    @property
    def name(self) -> str:
        """The projection's name, which is its live schema's."""
        return self._tables.name

    def rebuild(self, *, verify: bool = False, as_of: Moment | None = None, report: Report = say_nothing) -> Rebuilt:
        """Make the tables again; see Rebuildable. Raises ProjectionError, BrokerError and SchemaError."""
        pace = Pace(report)
        with translated(), connect(self._dsn, f"rebuild {self.name}") as database, only_rebuild(database, self.name):
            if as_of is not None:
                return self._as_it_was(database, as_of, pace)
            return self._replace(database, verify, pace)

    def _replace(self, database: Connection[Any], verify: bool, pace: Pace) -> Rebuilt:
        before = f"{self.name}_before"
        drop(database, before)
        building = Building(database, self._tables, f"{self.name}_next", self._apply)
        compared = None
        with Replay(self._log) as replay:
            live = self._live(database)
            building.write(replay.until(live) if verify and live is not None else replay.to_end(), replay, pace)
            building.analyse()
            building.write(replay.until(self._live(database) or {}), replay, pace)
            with database.transaction():
                lock_to_change(database, self.name)
                live = self._live(database)
                building.write(replay.until(live or {}), replay, pace)
                building.mark(_offsets(live) if verify and live is not None else replay.handed_out())
                seconds = pace.seconds()
                if live is not None:
                    compared = compare(database, self.name, building.schema, checkpoint.WALL_CLOCK) if verify else None
                    rename(database, self.name, before)
                rename(database, building.schema, self.name)
        drop(database, before)
        return outcome(self.name, self.name, pace.events, seconds, compared)

    def _as_it_was(self, database: Connection[Any], moment: Moment, pace: Pace) -> Rebuilt:
        cut = cut_at(self._log, moment)
        building = Building(database, self._tables, f"{self.name}_as_of_{cut.time}", self._apply)
        with Replay(self._log) as replay:
            building.write(cut.within(replay.to_end()), replay, pace)
            building.mark(_offsets(building.reached))
        building.analyse()
        return outcome(self.name, building.schema, pace.events, pace.seconds(), None)

    def _live(self, database: Connection[Any]) -> Vector | None:
        return checkpoint.read(database, self.name) if exists(database, self.name) else None


def cut_at(log: LogConnection, moment: Moment) -> Cut:
    """Where a moment cuts the log; raises NoSuchMoment where it names an event that is not there."""
    if isinstance(moment, AtTime):
        return Cut(moment.time)
    with Replay(log) as replay:
        for batch in replay.to_end():
            for recorded in batch:
                if AtSeq(recorded.project or "", recorded.seq) == moment:
                    return Cut(recorded.time, moment)
    raise not_there(moment)


def _offsets(vector: Vector) -> dict[Partition, int]:
    return {where: start.offset for where, start in vector.items()}
