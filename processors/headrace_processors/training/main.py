"""The process that makes training datasets: sessions one after the other, until it is told to stop."""

import logging
import os
import time

from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError, Gap, Missing
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_processors.training.session import Measures, Session
from headrace_projections.history.engine import Engine

logger = logging.getLogger("headrace.training-datasets")


def main() -> None:
    """Make training datasets until SIGTERM. `HEADRACE_JOIN_MEMORY_MIB` caps the memory of one join."""
    log_to_stderr()
    stop = stop_on_signals()
    connection = connection_from()
    storage = os.environ["HEADRACE_STORAGE"]
    engine = Engine(memory_mib=int(os.environ.get("HEADRACE_JOIN_MEMORY_MIB", "1024")))
    monitor = Monitor("training_datasets", os.environ.get("HEADRACE_MONITOR"))
    measures = Measures.of(monitor)
    while not stop.is_set():
        session = None
        try:
            session = Session(connection, storage, engine, measures)
            while not stop.is_set():
                session.step()
                monitor.healthy(session.caught_up)
        except (Missing, Gap):
            raise
        except BrokerError as error:
            logger.warning("the session is over, the next one reads the log again: %s", error)
            time.sleep(0.2)
        finally:
            monitor.healthy(False)
            if session is not None:
                session.close()


if __name__ == "__main__":
    main()
