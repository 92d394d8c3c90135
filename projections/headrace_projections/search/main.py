"""The process that keeps the search server in step: findable things, and the lineage graph."""

import logging
import os
import time

import psycopg

from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError, Gap, Missing
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_projections.errors import Unavailable
from headrace_projections.lineage.projector import LineageProjector
from headrace_projections.search.engine import Engine
from headrace_projections.search.projector import SearchProjector

logger = logging.getLogger("headrace.search")


def main() -> None:
    """Project until SIGTERM. What may pass is tried again from the checkpoint; anything else ends the process."""
    log_to_stderr()
    stop = stop_on_signals()
    connection = connection_from()
    engine = Engine(os.environ["HEADRACE_OPENSEARCH"], os.environ["HEADRACE_OPENSEARCH_TOKEN"])
    monitor = Monitor("search", os.environ.get("HEADRACE_MONITOR"))
    documents = monitor.counter("documents_changed", "Documents of findable things that an event changed")
    edges = monitor.counter("edges_read", "Edges read from the derived topic")
    while not stop.is_set():
        try:
            with psycopg.connect(os.environ["HEADRACE_POSTGRES"], autocommit=True) as database:
                things = SearchProjector(connection, engine, database)
                lineage = LineageProjector(connection, engine, database)
                caught_up = False
                while not stop.is_set():
                    documents.inc(things.step(0.1))
                    edges.inc(lineage.step(0.1))
                    caught_up = caught_up or (things.at_end and lineage.at_end)
                    monitor.healthy(caught_up)
                things.close()
                lineage.close()
        except (Missing, Gap):
            raise
        except (BrokerError, Unavailable, psycopg.OperationalError) as error:
            logger.warning("going on from the checkpoint: %s", error)
            monitor.healthy(False)
            time.sleep(0.2)


if __name__ == "__main__":
    main()
