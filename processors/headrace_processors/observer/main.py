"""The process of the observer: sessions one after the other, until it is told to stop."""

import os
from contextlib import closing

from headrace_broker.artifacts import Artifacts
from headrace_broker.connection import connection_from
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.sessions import run_sessions
from headrace_processors.observer.session import Measures, Session


def main() -> None:
    """Observe until SIGTERM; each session goes on from what was committed."""
    log_to_stderr()
    stop = stop_on_signals()
    connection = connection_from()
    artifacts = Artifacts.at(os.environ["HEADRACE_STORAGE"])
    monitor = Monitor("observer", os.environ.get("HEADRACE_MONITOR"))
    measures = Measures(
        observed=monitor.counter("observations", "Predictions and outcomes that became observations"),
        dead_letters=monitor.counter("dead_letters", "Records that could not", ("project",)),
        lost=monitor.gauge("lost_partitions", "Partitions that cannot be read any more"),
    )

    def step(session: Session) -> bool:
        session.step()
        return session.knows

    run_sessions(lambda: closing(Session(connection, artifacts, measures)), step, stop=stop, monitor=monitor)


if __name__ == "__main__":
    main()
