"""The process of a row projection: sessions one after the other, until it is told to stop."""

import os
from collections.abc import Callable
from contextlib import closing

from headrace_broker.connection import connection_from
from headrace_broker.errors import Unavailable
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.sessions import run_sessions
from headrace_projections.rows.measures import Measures
from headrace_projections.rows.runner import RowRunner
from headrace_projections.rows.target import Target


def run(name: str, make_target: Callable[[], Target], unavailable: tuple[type[Exception], ...]) -> None:
    """Fill the target until SIGTERM; what `unavailable` names ends a session, and the next one reads the log again."""
    log_to_stderr()
    stop = stop_on_signals()
    connection = connection_from()
    monitor = Monitor(name, os.environ.get("HEADRACE_MONITOR"))
    measures = Measures.of(monitor)

    def step(runner: RowRunner) -> bool:
        runner.step()
        return True

    run_sessions(
        lambda: closing(RowRunner(connection, make_target(), measures)),
        step,
        stop=stop,
        monitor=monitor,
        passing=(Unavailable, *unavailable),
    )
