"""The process that keeps the search server in step: findable things, and the lineage graph."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.sessions import Standstill, run_sessions
from headrace_projections.errors import Unavailable
from headrace_projections.lineage.projector import LineageProjector
from headrace_projections.postgres import connect, translated
from headrace_projections.search.engine import Engine
from headrace_projections.search.projector import SearchProjector
from headrace_projections.search.tables import NAME


def main() -> None:
    """Project until SIGTERM; each session goes on from the checkpoint."""
    log_to_stderr()
    stop = stop_on_signals()
    log, dsn = connection_from(), os.environ["HEADRACE_POSTGRES"]
    server, token = os.environ["HEADRACE_OPENSEARCH"], os.environ["HEADRACE_OPENSEARCH_TOKEN"]
    monitor = Monitor("search", os.environ.get("HEADRACE_MONITOR"))
    documents = monitor.counter("documents_changed", "Documents of findable things that an event changed")
    edges = monitor.counter("edges_read", "Edges read from the derived topic")
    lag = monitor.gauge("lag_offsets", "Offsets between the checkpoint and the ends of the log")
    standstill = Standstill()

    @contextmanager
    def begin() -> Iterator[tuple[SearchProjector, LineageProjector]]:
        with (
            closing(Engine(server, token)) as engine,
            translated(),
            connect(dsn, NAME) as database,
            closing(SearchProjector(log, engine, database)) as things,
            closing(LineageProjector(log, engine, database)) as lineage,
        ):
            yield things, lineage

    def step(session: tuple[SearchProjector, LineageProjector]) -> bool:
        things, lineage = session
        changed, read = things.step(0.1), lineage.step(0.1)
        documents.inc(changed)
        edges.inc(read)
        lag.set(things.lag() + lineage.lag())
        return standstill.moves(changed + read > 0 or (things.at_end and lineage.at_end))

    run_sessions(begin, step, stop=stop, monitor=monitor, passing=(BrokerError, Unavailable))


if __name__ == "__main__":
    main()
