"""The processes behind search and lineage, on the servers of a running stack."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from tests.integration.clients import eventually
from tests.integration.platform import Platform

from headrace_broker.feed import Start
from headrace_broker.follower import Partition
from headrace_broker.topics import LINEAGE
from headrace_events.envelope import Recorded
from headrace_events.topic import TopicOpened, TopicRequested
from headrace_projections import checkpoint
from headrace_projections.lineage.apply import Edges
from headrace_projections.lineage.index import ALIAS as LINEAGE_ALIAS
from headrace_projections.lineage.index import entry
from headrace_projections.search.apply import Documents
from headrace_projections.search.engine import Engine
from headrace_projections.search.index import ALIAS as SEARCH_ALIAS

MODULES = {"lineage": "headrace_processors.lineage.main", "search": "headrace_projections.search.main"}
Bodies = dict[str, dict[str, Any]]


@dataclass(slots=True)
class Indexing:
    """Starts, kills and asks them."""

    platform: Platform
    engine: Engine
    database: psycopg.Connection[Any]
    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Run these processes, where they do not run yet."""
        for name in names or MODULES:
            if name not in self.running:
                with (self.logs / f"{name}.log").open("ab") as log:
                    self.running[name] = subprocess.Popen(
                        [sys.executable, "-m", MODULES[name]],
                        env=self.platform.stack.site.environment(name),
                        stdout=log,
                        stderr=log,
                    )

    def kill(self, name: str) -> None:
        """End the process at once."""
        self.running[name].kill()
        assert self.running.pop(name).wait(10) == -signal.SIGKILL

    def stop(self) -> None:
        """Ask all processes to end."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(20)
        self.running.clear()

    def caught_up(self) -> list[Recorded]:
        """Wait until both indexes hold all events so far; return these."""
        events = self.platform.events()
        last = {recorded.at.topic_id: recorded.at.offset for recorded in events}
        eventually(lambda: self._passed("search", last), "the search index", 60)
        eventually(lambda: self._passed("lineage", last), "the derivation of edges", 60)
        (derived,) = [(where, start) for where, start in self.checkpoint("lineage").items() if where.topic == LINEAGE]
        end = {derived[0].topic_id: derived[1].offset - 1}
        eventually(lambda: self._passed("search", end), "the lineage index", 60)
        return events

    def checkpoint(self, schema: str) -> dict[Partition, Start]:
        """How far the process has come."""
        try:
            return checkpoint.read(self.database, schema)
        except psycopg.errors.UndefinedTable:
            return {}

    def _passed(self, schema: str, last: dict[str, int]) -> bool | None:
        reached = {where.topic_id: start.offset for where, start in self.checkpoint(schema).items()}
        return True if all(reached.get(topic, 0) > offset for topic, offset in last.items()) else None

    def documents(self) -> Bodies:
        """What lies in the index of findable things."""
        return {key: dict(body) for key, body in self.engine.scan(SEARCH_ALIAS)}

    def edges(self) -> Bodies:
        """What lies in the index of edges."""
        return {key: dict(body) for key, body in self.engine.scan(LINEAGE_ALIAS)}


def expected(events: list[Recorded]) -> tuple[Bodies, Bodies]:
    """The documents and the edges that these events must have given."""
    fold, graph = Documents(), Edges()
    edges = {}
    for recorded in events:
        fold.take(recorded)
        for edge in graph.take(recorded):
            made = entry(edge)
            edges[made.id] = dict(made.body)
    entries = [document.entry() for document in fold.all.values()]
    documents = {made.id: {name: _plain(value) for name, value in made.body.items()} for made in entries}
    return documents, edges


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def opened(platform: Platform, project: str, wanted: int) -> bool | None:
    """Whether that many topics of the project were asked for, and all are open."""
    names = {TopicRequested: set[str](), TopicOpened: set[str]()}
    for recorded in platform.events():
        if recorded.project == project and isinstance(recorded.event, TopicRequested | TopicOpened):
            names[type(recorded.event)].add(recorded.event.name)
    asked = names[TopicRequested]
    return True if len(asked) >= wanted and asked <= names[TopicOpened] else None
