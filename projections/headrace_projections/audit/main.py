"""The process that keeps the audit trail in Postgres: projectors one after the other, until it is told to stop."""

import os
from contextlib import closing

from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.sessions import run_sessions
from headrace_projections.audit.projector import Projector
from headrace_projections.errors import Unavailable


def main() -> None:
    """Project until SIGTERM. A record that cannot be read ends the process: nothing is skipped."""
    log_to_stderr()
    stop = stop_on_signals()
    log, dsn = connection_from(), os.environ["HEADRACE_POSTGRES"]
    monitor = Monitor("audit", os.environ.get("HEADRACE_MONITOR"))
    acts = monitor.counter("acts", "Acts projected")

    def step(projector: Projector) -> bool:
        acts.inc(projector.step())
        monitor.lag(projector.lag())
        return True

    run_sessions(
        lambda: closing(Projector(log, dsn)), step, stop=stop, monitor=monitor, passing=(BrokerError, Unavailable)
    )


if __name__ == "__main__":
    main()
