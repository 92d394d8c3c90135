"""The process that keeps the search server in step: findable things, and the lineage graph."""

import logging
import os
import time
from contextlib import closing

from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError, Gap, Missing
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_projections.errors import Unavailable
from headrace_projections.lineage.projector import LineageProjector
from headrace_projections.postgres import connect, translated
from headrace_projections.search.engine import Engine
from headrace_projections.search.projector import SearchProjector
from headrace_projections.search.tables import NAME

logger = logging.getLogger("headrace.search")

LONGEST_PAUSE_S = 5.0
STANDSTILL_S = 10.0
"""Behind, and not moved for this long, is not healthy."""


def main() -> None:
    """Project until SIGTERM. What may pass is tried again from the checkpoint; anything else ends the process."""
    log_to_stderr()
    stop = stop_on_signals()
    log, dsn = connection_from(), os.environ["HEADRACE_POSTGRES"]
    monitor = Monitor("search", os.environ.get("HEADRACE_MONITOR"))
    documents = monitor.counter("documents_changed", "Documents of findable things that an event changed")
    edges = monitor.counter("edges_read", "Edges read from the derived topic")
    lag = monitor.gauge("lag_offsets", "Offsets between the checkpoint and the ends of the log")
    pause = 0.2
    while not stop.is_set():
        try:
            with (
                closing(Engine(os.environ["HEADRACE_OPENSEARCH"], os.environ["HEADRACE_OPENSEARCH_TOKEN"])) as engine,
                translated(),
                connect(dsn, NAME) as database,
                closing(SearchProjector(log, engine, database)) as things,
                closing(LineageProjector(log, engine, database)) as lineage,
            ):
                moved = float("-inf")
                while not stop.is_set():
                    changed, read = things.step(0.1), lineage.step(0.1)
                    documents.inc(changed)
                    edges.inc(read)
                    lag.set(things.lag() + lineage.lag())
                    if changed or read or (things.at_end and lineage.at_end):
                        moved = time.monotonic()
                    monitor.healthy(time.monotonic() - moved < STANDSTILL_S)
                    pause = 0.2
        except (Missing, Gap):
            raise
        except (BrokerError, Unavailable) as error:
            logger.warning("the session is over, the next one goes on from the checkpoint: %s", error)
            monitor.healthy(False)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)


if __name__ == "__main__":
    main()
