"""The process of the catalogue's projector: sessions one after the other, until it is told to stop."""

import logging
import os
import time

from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError, Gap, Missing
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_projections.catalogue.definition import TABLES, apply
from headrace_projections.errors import Unavailable
from headrace_projections.projector import Progress, Session

logger = logging.getLogger("headrace.projector")

STANDSTILL_S = 10.0
"""A projector that is behind and has not moved for this long is not healthy."""
LONGEST_PAUSE_S = 5.0


class Meters:
    """The projector's health and lag, as its monitor shows them."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._events = monitor.counter("events", "Events projected")
        self._offsets = monitor.gauge("lag_offsets", "Offsets between the checkpoint and the ends of the log")
        self._seconds = monitor.gauge("lag_seconds", "Age of the last event projected, 0 at the end of the log")
        self._moved = time.monotonic()

    def show(self, events: int, progress: Progress) -> None:
        """Show what a step came to."""
        now = time.monotonic()
        if events or progress.at_end:
            self._moved = now
        self._events.inc(events)
        self._monitor.lag(progress.lag)
        self._offsets.set(progress.lag)
        behind = time.time() - progress.last / 1_000_000 if progress.last and not progress.at_end else 0.0
        self._seconds.set(max(0.0, behind))
        self._monitor.healthy(now - self._moved < STANDSTILL_S, seconds=STANDSTILL_S)


def main() -> None:
    """Project until SIGTERM. A gap, an unknown event or rows that do not fit end the process: nothing is skipped."""
    log_to_stderr()
    stop = stop_on_signals()
    log, dsn = connection_from(), os.environ["HEADRACE_POSTGRES"]
    monitor = Monitor("projector", os.environ.get("HEADRACE_MONITOR"))
    meters = Meters(monitor)
    pause = 0.2
    while not stop.is_set():
        try:
            with Session(log, dsn, TABLES, apply) as session:
                while not stop.is_set():
                    meters.show(session.step(), session.progress)
                    pause = 0.2
        except (Gap, Missing):
            raise
        except (BrokerError, Unavailable) as error:
            logger.warning("the session is over, the next one reads the checkpoint again: %s", error)
            monitor.healthy(False)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)


if __name__ == "__main__":
    main()
