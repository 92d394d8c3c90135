"""The process that keeps windows in Postgres: projectors one after the other, until it is told to stop."""

import logging
import os

from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError, Missing
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_projections.errors import Unavailable
from headrace_projections.monitoring.projector import Projector

logger = logging.getLogger("headrace.monitoring")

LONGEST_PAUSE_S = 5.0


def main() -> None:
    """Project until SIGTERM. A record that cannot be read ends the process: nothing is skipped."""
    log_to_stderr()
    stop = stop_on_signals()
    log, dsn = connection_from(), os.environ["HEADRACE_POSTGRES"]
    monitor = Monitor("monitoring", os.environ.get("HEADRACE_MONITOR"))
    records = monitor.counter("records", "Records projected")
    pause = 0.2
    while not stop.is_set():
        projector: Projector | None = None
        try:
            projector = Projector(log, dsn)
            while not stop.is_set():
                records.inc(projector.step())
                monitor.healthy(True)
                pause = 0.2
        except Missing:
            raise
        except (BrokerError, Unavailable) as error:
            logger.warning("the next projector reads the checkpoint again: %s", error)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
        finally:
            monitor.healthy(False)
            if projector is not None:
                projector.close()


if __name__ == "__main__":
    main()
