"""Making the index of findable things again from the events, beside the live one, and putting it in its place.

The next generation grows while the live projector goes on. Then the projector is held back by a lock, the new index is
brought to exactly its checkpoint, compared if asked, and the alias moves in one step. The projector writes through the
alias, so it goes on where it was.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import Connection as Database

from headrace_broker.connection import Connection as LogConnection
from headrace_broker.connection import connection_from
from headrace_events.envelope import Recorded
from headrace_events.project import ProjectClosing
from headrace_projections import tables
from headrace_projections.building import Pace
from headrace_projections.metadata_rebuild import cut_at
from headrace_projections.moments import Moment
from headrace_projections.postgres import connect, translated
from headrace_projections.rebuilt import Rebuilt, Report, outcome, say_nothing
from headrace_projections.replay import Replay
from headrace_projections.search.apply import Documents
from headrace_projections.search.document import Document
from headrace_projections.search.engine import Engine
from headrace_projections.search.generations import next_index
from headrace_projections.search.index import ALIAS, BODY
from headrace_projections.search.rebuilding import compare_with_live, make_index_as_of, put_in_place, reached
from headrace_projections.search.tables import NAME, make_live


class SearchRebuild:
    """Rebuilds the index of findable things; see Rebuildable."""

    name = NAME

    def __init__(self, log: LogConnection, dsn: str, engine: Engine) -> None:
        self._log = log
        self._dsn = dsn
        self._engine = engine

    def rebuild(self, *, verify: bool = False, as_of: Moment | None = None, report: Report = say_nothing) -> Rebuilt:
        """Make the index again; see Rebuildable. Raises ProjectionError, BrokerError and SchemaError."""
        pace = Pace(report)
        with translated(), connect(self._dsn, f"rebuild {NAME}") as database, tables.only_rebuild(database, NAME):
            if as_of is not None:
                return self._as_it_was(as_of, pace)
            return self._replace(database, verify, pace)

    def _replace(self, database: Database[Any], verify: bool, pace: Pace) -> Rebuilt:
        make_live(database, self._engine, ALIAS, BODY)
        _, index = next_index(self._engine, ALIAS)
        self._engine.make(index, BODY)
        growing = _Growing(self._engine, index, pace)
        with Replay(self._log) as replay:
            growing.write(replay.until(reached(database, NAME)), replay)
            with database.transaction():
                tables.lock_to_change(database, NAME)
                growing.write(replay.until(reached(database, NAME)), replay)
                self._engine.refresh(index)
                seconds = pace.seconds()
                compared = compare_with_live(self._engine, ALIAS, index) if verify else None
                live = put_in_place(database, self._engine, ALIAS, index)
        self._engine.drop(live)
        return outcome(NAME, index, pace.events, seconds, compared)

    def _as_it_was(self, moment: Moment, pace: Pace) -> Rebuilt:
        cut = cut_at(self._log, moment)
        index = make_index_as_of(self._engine, ALIAS, BODY, cut)
        growing = _Growing(self._engine, index, pace)
        with Replay(self._log) as replay:
            growing.write(cut.within(replay.to_end()), replay)
        self._engine.refresh(index)
        return outcome(NAME, index, pace.events, pace.seconds(), None)


class _Growing:
    """An index that nobody searches yet."""

    def __init__(self, engine: Engine, index: str, pace: Pace) -> None:
        self._engine = engine
        self._index = index
        self._pace = pace
        self._documents = Documents()

    def write(self, batches: Iterable[list[Recorded]], replay: Replay) -> None:
        """Fold all batches, and write what each changed."""
        for batch in batches:
            changed: dict[str, Document] = {}
            for recorded in batch:
                changed |= {document.key: document for document in self._documents.take(recorded)}
            closed = {one.event.project for one in batch if isinstance(one.event, ProjectClosing)}
            kept = (document.entry() for document in changed.values() if document.project not in closed)
            self._engine.write(self._index, kept)
            for project in closed:
                self._engine.forget(self._index, project)
            self._pace.add(len(batch), replay)


def rebuildable(environment: Mapping[str, str]) -> SearchRebuild:
    """The index on the servers of that environment; raises KeyError naming what is missing."""
    engine = Engine(environment["HEADRACE_OPENSEARCH"], environment["HEADRACE_OPENSEARCH_TOKEN"])
    return SearchRebuild(connection_from(environment), environment["HEADRACE_POSTGRES"], engine)
