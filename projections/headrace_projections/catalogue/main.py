"""The process of the catalogue's projector: sessions one after the other, until it is told to stop."""

import os
import time

from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.sessions import STANDSTILL_S, Standstill, run_sessions
from headrace_projections.catalogue.definition import TABLES, apply
from headrace_projections.errors import Unavailable
from headrace_projections.projector import Progress, Session


class Meters:
    """What the projector has done and how far behind it is, as its monitor shows it."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._events = monitor.counter("events", "Events projected")
        self._offsets = monitor.gauge("lag_offsets", "Offsets between the checkpoint and the ends of the log")
        self._seconds = monitor.gauge("lag_seconds", "Age of the last event projected, 0 at the end of the log")

    def show(self, events: int, progress: Progress) -> None:
        """Show what a step came to."""
        self._events.inc(events)
        self._monitor.lag(progress.lag)
        self._offsets.set(progress.lag)
        behind = time.time() - progress.last / 1_000_000 if progress.last and not progress.at_end else 0.0
        self._seconds.set(max(0.0, behind))


def main() -> None:
    """Project until SIGTERM. A gap, an unknown event or rows that do not fit end the process: nothing is skipped."""
    log_to_stderr()
    stop = stop_on_signals()
    log, dsn = connection_from(), os.environ["HEADRACE_POSTGRES"]
    monitor = Monitor("projector", os.environ.get("HEADRACE_MONITOR"))
    meters = Meters(monitor)
    standstill = Standstill()

    def step(session: Session) -> bool:
        events = session.step()
        meters.show(events, session.progress)
        return standstill.moves(events > 0 or session.progress.at_end)

    run_sessions(
        lambda: Session(log, dsn, TABLES, apply),
        step,
        stop=stop,
        monitor=monitor,
        passing=(BrokerError, Unavailable),
        holds_s=STANDSTILL_S,
    )


if __name__ == "__main__":
    main()
