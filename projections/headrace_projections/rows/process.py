"""The process of a row projection: sessions one after the other, until it is told to stop."""

import logging
import os
import time
from collections.abc import Callable

from headrace_broker.connection import connection_from
from headrace_broker.errors import Unavailable
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_projections.rows.measures import Measures
from headrace_projections.rows.runner import RowRunner
from headrace_projections.rows.target import Target

logger = logging.getLogger("headrace.rows")


def run(name: str, make_target: Callable[[], Target], unavailable: tuple[type[Exception], ...]) -> None:
    """Fill the target until SIGTERM; what `unavailable` names ends a session, and the next one reads the log again."""
    log_to_stderr()
    stop = stop_on_signals()
    connection = connection_from()
    monitor = Monitor(name, os.environ.get("HEADRACE_MONITOR"))
    measures = Measures.of(monitor)
    passing: tuple[type[Exception], ...] = (Unavailable, *unavailable)
    while not stop.is_set():
        try:
            runner = RowRunner(connection, make_target(), measures)
        except passing as error:
            logger.warning("not yet: %s", error)
            time.sleep(0.5)
            continue
        try:
            monitor.healthy(True)
            while not stop.is_set():
                runner.step()
        except passing as error:
            logger.warning("the session is over, the next one reads the log again: %s", error)
            time.sleep(0.2)
        finally:
            monitor.healthy(False)
            runner.close()
