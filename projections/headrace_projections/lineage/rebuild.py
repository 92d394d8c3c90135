"""Making the lineage graph again from the events, through a fresh derived topic, in the place of the live one.

Edges are derived into a topic of their own and indexed from there, while the live processes go on. Then the derivation
is held back by a lock, the fresh topic is brought to exactly its checkpoint, and, to be compared, the live index is
waited for until it has read what the derivation wrote. The alias moves in one step; the fresh topic is deleted, for the
live one goes on being the source.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import Connection as Database

from headrace_broker.admin import Admin, until
from headrace_broker.connection import Connection as LogConnection
from headrace_broker.connection import connection_from
from headrace_broker.feed import Start
from headrace_broker.follower import Follower
from headrace_broker.record import Entry
from headrace_broker.topics import LINEAGE, LINEAGE_REBUILDS, TopicSpec
from headrace_broker.transactions import TransactionalWriter
from headrace_events.envelope import Recorded
from headrace_events.project import ProjectClosing
from headrace_projections import checkpoint, tables
from headrace_projections.building import Pace
from headrace_projections.errors import Unavailable
from headrace_projections.lineage.apply import Edges
from headrace_projections.lineage.derivation import NAME, TABLES, WRITER, write
from headrace_projections.lineage.edge import EdgeCodec
from headrace_projections.lineage.index import ALIAS, BODY, entry
from headrace_projections.lineage.projector import latest, partition_of
from headrace_projections.metadata_rebuild import cut_at
from headrace_projections.moments import Moment
from headrace_projections.postgres import connect, translated
from headrace_projections.rebuilt import Rebuilt, Report, outcome, say_nothing
from headrace_projections.replay import Replay
from headrace_projections.search import tables as search
from headrace_projections.search.engine import Engine
from headrace_projections.search.generations import next_index
from headrace_projections.search.rebuilding import compare_with_live, make_index_as_of, put_in_place, reached

PATIENCE_S = 60.0
"""How long the live index may take to read what is on the derived topic."""


class LineageRebuild:
    """Rebuilds the lineage graph; see Rebuildable."""

    name = NAME

    def __init__(self, log: LogConnection, dsn: str, engine: Engine) -> None:
        self._log = log
        self._dsn = dsn
        self._engine = engine

    def rebuild(self, *, verify: bool = False, as_of: Moment | None = None, report: Report = say_nothing) -> Rebuilt:
        """Make the graph again; see Rebuildable. Raises ProjectionError, BrokerError and SchemaError."""
        pace = Pace(report)
        with translated(), connect(self._dsn, f"rebuild {NAME}") as database, tables.only_rebuild(database, NAME):
            number, index = next_index(self._engine, ALIAS)
            with _FreshTopic(self._log, number, pace) as fresh:
                if as_of is not None:
                    return self._as_it_was(fresh, as_of, pace)
                return self._replace(database, fresh, index, verify, pace)

    def _replace(self, database: Database[Any], fresh: "_FreshTopic", index: str, verify: bool, pace: Pace) -> Rebuilt:
        TABLES.make_live(database)
        search.make_live(database, self._engine, ALIAS, BODY)
        self._engine.make(index, BODY)
        with Replay(self._log) as replay:
            fresh.derive(replay.until(reached(database, NAME)), replay)
            with database.transaction():
                tables.lock_to_change(database, NAME)
                fresh.derive(replay.until(reached(database, NAME)), replay)
                if verify:
                    _wait_for_live_index(database)
                tables.lock_to_change(database, search.NAME)
                fresh.fill(self._engine, index)
                seconds = pace.seconds()
                compared = compare_with_live(self._engine, ALIAS, index) if verify else None
                live = put_in_place(database, self._engine, ALIAS, index)
        self._engine.drop(live)
        return outcome(NAME, index, pace.events, seconds, compared)

    def _as_it_was(self, fresh: "_FreshTopic", moment: Moment, pace: Pace) -> Rebuilt:
        cut = cut_at(self._log, moment)
        index = make_index_as_of(self._engine, ALIAS, BODY, cut)
        with Replay(self._log) as replay:
            fresh.derive(cut.within(replay.to_end()), replay)
        fresh.fill(self._engine, index)
        return outcome(NAME, index, pace.events, pace.seconds(), None)


class _FreshTopic:
    """A derived topic that is there for one rebuild."""

    def __init__(self, log: LogConnection, number: int, pace: Pace) -> None:
        self._log = log
        self._name = f"{LINEAGE_REBUILDS}{number}"
        self._pace = pace
        self._admin = Admin(log)
        self._codec = EdgeCodec()
        self._edges = Edges()
        self._closed: set[str] = set()
        self._end = 0

    def __enter__(self) -> "_FreshTopic":
        self._delete()
        self._admin.create_topics([TopicSpec(name=self._name, purpose="derived")])
        self._writer = TransactionalWriter(self._log, f"{WRITER}-rebuild")
        return self

    def __exit__(self, *_: object) -> None:
        self._delete()

    def _delete(self) -> None:
        """Delete the topic, and wait until the brokers know of none."""
        self._admin.delete_topics([self._name])
        until(lambda: None if self._admin.topic_ids([self._name]) else True, f"{self._name} to be gone")

    def derive(self, batches: Iterable[list[Recorded]], replay: Replay) -> None:
        """Write the edges of all batches, each batch in one transaction."""
        for batch in batches:
            edges = {edge.key: edge for recorded in batch for edge in self._edges.take(recorded)}
            if edges:
                entries = [
                    Entry(topic=self._name, key=key, value=self._codec.encode(edge)) for key, edge in edges.items()
                ]
                self._end = write(self._writer, entries)
            self._closed |= {one.event.project for one in batch if isinstance(one.event, ProjectClosing)}
            self._pace.add(len(batch), replay)

    def fill(self, engine: Engine, index: str) -> None:
        """Index everything that is on the topic; searches see it on return."""
        where = partition_of(self._log, self._name)
        follower = Follower(self._log)
        follower.follow({where: 0})
        read = 0
        heard = time.monotonic()
        while read < self._end:
            batch = follower.poll(seconds=1.0)
            if batch:
                heard = time.monotonic()
            elif time.monotonic() - heard > PATIENCE_S:
                raise Unavailable(f"{self._name} has said nothing for {PATIENCE_S:.0f} s, and there must be more")
            edges, _ = latest(batch.records, self._codec)
            engine.write(index, (entry(edge) for edge in edges))
            read = batch.ends.get(where, read)
        follower.close()
        engine.refresh(index)
        for project in self._closed:
            engine.forget(index, project)


def _wait_for_live_index(database: Database[Any]) -> None:
    """Return when the live index has read all that the derivation has written; raises Unavailable."""
    derived = {where: start for where, start in checkpoint.read(database, NAME).items() if where.topic == LINEAGE}

    def read_it() -> bool | None:
        indexed = checkpoint.read(database, search.NAME)
        return all(indexed.get(where, Start()).offset >= start.offset for where, start in derived.items()) or None

    until(read_it, "the search projector to read the derived topic: does it run?", PATIENCE_S)


def rebuildable(environment: Mapping[str, str]) -> LineageRebuild:
    """The graph on the servers of that environment; raises KeyError naming what is missing."""
    engine = Engine(environment["HEADRACE_OPENSEARCH"], environment["HEADRACE_OPENSEARCH_TOKEN"])
    return LineageRebuild(connection_from(environment), environment["HEADRACE_POSTGRES"], engine)
