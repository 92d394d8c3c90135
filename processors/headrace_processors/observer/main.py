"""The process of the observer: sessions one after the other, until it is told to stop."""

import logging
import os
import time

from headrace_broker.artifacts import Artifacts
from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError, Gap, Missing
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_processors.observer.session import Measures, Session

logger = logging.getLogger("headrace.observer")


def main() -> None:
    """Observe until SIGTERM."""
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
    while not stop.is_set():
        session: Session | None = None
        try:
            session = Session(connection, artifacts, measures)
            while not stop.is_set():
                session.step()
                monitor.healthy(session.knows)
        except (Missing, Gap):
            raise
        except BrokerError as error:
            logger.warning("the session is over, the next one goes on from what was committed: %s", error)
            time.sleep(0.2)
        finally:
            monitor.healthy(False)
            if session is not None:
                session.close()


if __name__ == "__main__":
    main()
