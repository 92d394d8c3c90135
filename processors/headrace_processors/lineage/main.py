"""The process that derives lineage edges."""

import logging
import os
import time

import psycopg

from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError, Gap, Missing
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_projections.errors import Unavailable
from headrace_projections.lineage.derivation import Derivation

logger = logging.getLogger("headrace.lineage")


def main() -> None:
    """Derive edges until SIGTERM. What may pass is tried again from the beginning; anything else ends the process."""
    log_to_stderr()
    stop = stop_on_signals()
    connection = connection_from()
    monitor = Monitor("lineage", os.environ.get("HEADRACE_MONITOR"))
    written = monitor.counter("edges_written", "Edges written to the derived topic")
    while not stop.is_set():
        try:
            with psycopg.connect(os.environ["HEADRACE_POSTGRES"], autocommit=True) as database:
                derivation = Derivation(connection, database)
                caught_up = False
                while not stop.is_set():
                    written.inc(derivation.step(0.5))
                    caught_up = caught_up or derivation.at_end
                    monitor.healthy(caught_up)
                derivation.close()
        except (Missing, Gap):
            raise
        except (BrokerError, Unavailable, psycopg.OperationalError) as error:
            logger.warning("all events are folded again: %s", error)
            monitor.healthy(False)
            time.sleep(0.2)


if __name__ == "__main__":
    main()
