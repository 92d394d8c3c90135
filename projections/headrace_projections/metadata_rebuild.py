"""Making a projection of metadata in Postgres again, beside the live one, and putting it in its place.

The new tables grow in `<name>_next` while the live projector goes on. Then its writes are held back by a lock, the
new tables are brought to exactly the live checkpoint, compared if asked, and the schemas change names in one
transaction. The projector goes on from the checkpoint it left.
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from headrace_broker.connection import Connection as LogConnection
from headrace_broker.feed import Start
from headrace_events.envelope import Recorded
from headrace_events.ids import Micros
from headrace_projections import checkpoint, digest
from headrace_projections.changes import Change
from headrace_projections.checkpoint import Step, Vector
from headrace_projections.errors import Unavailable
from headrace_projections.folding import Folded, fold
from headrace_projections.moments import AtSeq, AtTime, Cut, Moment, not_there
from headrace_projections.postgres import connect, translated
from headrace_projections.rebuilt import Advance, Rebuilt, Report, say_nothing
from headrace_projections.replay import Replay
from headrace_projections.tables import Tables, drop, exists, lock_to_change
from headrace_projections.writing import Writer


@dataclass(slots=True)
class _Pace:
    """Counts events, and reports how fast they go, at most twice a second."""

    report: Report
    started: float
    events: int = 0
    offsets: int = 0
    said: float = 0.0

    def add(self, step: str, events: int, replay: Replay) -> None:
        self.events += events
        now = time.monotonic()
        if now - self.said < 0.5:
            return
        self.said = now
        read, seconds = sum(replay.read.values()), max(now - self.started, 1e-6)
        left = replay.lag() * seconds / read if read else None
        self.report(
            Advance(step=step, events=self.events, events_per_second=self.events / seconds, seconds_left=left)
        )

    def seconds(self) -> float:
        return time.monotonic() - self.started


class MetadataRebuild:
    """Rebuilds one projection; see Rebuildable."""

    def __init__(
        self, log: LogConnection, dsn: str, tables: Tables, apply: Callable[[Recorded], list[Change]]
    ) -> None:
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
        with translated(), connect(self._dsn, f"rebuild {self.name}") as database:
            _alone(database, self.name)
            if as_of is not None:
                return self._as_it_was(database, as_of, _Pace(report, time.monotonic()))
            return self._replace(database, verify, _Pace(report, time.monotonic()))

    def _replace(self, database: Connection[Any], verify: bool, pace: _Pace) -> Rebuilt:
        following, before = f"{self.name}_next", f"{self.name}_before"
        self._make(database, following)
        compared = None
        with Replay(self._log) as replay:
            live = self._live_checkpoint(database)
            batches = replay.to_end() if live is None else replay.until(live)
            self._build(database, following, batches, replay, pace)
            database.execute(sql.SQL("ANALYZE {}").format(_tables_of(database, following)))
            with database.transaction():
                lock_to_change(database, self.name)
                live = self._live_checkpoint(database)
                if live is not None:
                    self._build(database, following, replay.until(live), replay, pace)
                seconds = pace.seconds()
                self._checkpoint(database, following, live, replay)
                if verify and live is not None:
                    compared = digest.compare(database, self.name, following, checkpoint.WALL_CLOCK)
                if live is not None:
                    _rename(database, self.name, before)
                _rename(database, following, self.name)
        drop(database, before)
        return _rebuilt(self.name, self.name, pace.events, seconds, compared)

    def _as_it_was(self, database: Connection[Any], moment: Moment, pace: _Pace) -> Rebuilt:
        cut = moment_of(self._log, moment)
        schema = f"{self.name}_as_of_{cut.time}"
        self._make(database, schema)
        with Replay(self._log) as replay:
            held = ([event for event in batch if cut.holds(event)] for batch in replay.to_end())
            self._build(database, schema, held, replay, pace)
        return _rebuilt(self.name, schema, pace.events, pace.seconds(), None)

    def _make(self, database: Connection[Any], schema: str) -> None:
        with database.transaction():
            drop(database, schema)
            self._tables.make(database, schema)

    def _live_checkpoint(self, database: Connection[Any]) -> Vector | None:
        return checkpoint.read(database, self.name) if exists(database, self.name) else None

    def _build(
        self,
        database: Connection[Any],
        schema: str,
        batches: Iterable[list[Recorded]],
        replay: Replay,
        pace: _Pace,
    ) -> None:
        """Write the batches: one is on its way to Postgres while the next one is read and folded."""
        writer = Writer(schema)

        def write(folded: Folded) -> None:
            with database.transaction():
                writer.write(database, folded)

        with ThreadPoolExecutor(1) as beside:
            on_its_way: Future[None] | None = None
            for batch in batches:
                folded = fold(change for recorded in batch for change in self._apply(recorded))
                if on_its_way is not None:
                    on_its_way.result()
                on_its_way = beside.submit(write, folded)
                pace.add("reading events", len(batch), replay)
            if on_its_way is not None:
                on_its_way.result()

    def _checkpoint(self, database: Connection[Any], schema: str, live: Vector | None, replay: Replay) -> None:
        """Say how far the new tables are: the live offsets, with the numbers of the events that were applied here."""
        offsets = replay.read if live is None else {where: start.offset for where, start in live.items()}
        applied = _last_seqs(database, schema)
        steps = [
            Step(where, None, Start(offset, applied.get(where.topic, 0) if live else replay.seq(where.topic)))
            for where, offset in offsets.items()
        ]
        checkpoint.move(database, schema, steps)
