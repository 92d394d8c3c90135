"""The process that derives lineage edges."""

import logging
import os
import time
from contextlib import closing

from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError, Gap, Missing
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_projections.errors import Unavailable
from headrace_projections.lineage.derivation import NAME, Derivation
from headrace_projections.postgres import connect, translated

logger = logging.getLogger("headrace.lineage")

LONGEST_PAUSE_S = 5.0
STANDSTILL_S = 10.0
"""Behind, and not moved for this long, is not healthy."""


def main() -> None:
    """Derive edges until SIGTERM. What may pass is tried again from the beginning; anything else ends the process."""
    log_to_stderr()
    stop = stop_on_signals()
    log, dsn = connection_from(), os.environ["HEADRACE_POSTGRES"]
    monitor = Monitor("lineage", os.environ.get("HEADRACE_MONITOR"))
    written = monitor.counter("edges_written", "Edges written to the derived topic")
    lag = monitor.gauge("lag_offsets", "Offsets between the checkpoint and the ends of the log")
    pause = 0.2
    while not stop.is_set():
        try:
            with translated(), connect(dsn, NAME) as database, closing(Derivation(log, database)) as derivation:
                moved = float("-inf")
                while not stop.is_set():
                    edges = derivation.step(0.5)
                    written.inc(edges)
                    lag.set(derivation.lag())
                    if edges or derivation.at_end:
                        moved = time.monotonic()
                    monitor.healthy(time.monotonic() - moved < STANDSTILL_S)
                    pause = 0.2
        except (Missing, Gap):
            raise
        except (BrokerError, Unavailable) as error:
            logger.warning("the session is over, the next one folds all events again: %s", error)
            monitor.healthy(False)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)


if __name__ == "__main__":
    main()
