"""The process of the command processor: sessions one after the other, until it is told to stop."""

import logging
import os
import time
from pathlib import Path

from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError, Gap, Missing
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.sealing import MasterKey
from headrace_processors.commands.session import Session

logger = logging.getLogger("headrace.command-processor")


def main() -> None:
    """Decide commands until SIGTERM."""
    log_to_stderr()
    stop = stop_on_signals()
    connection = connection_from()
    master = MasterKey.read(Path(os.environ["HEADRACE_SECRETS"]) / "master.key")
    instance = os.environ.get("HEADRACE_INSTANCE", "0")
    monitor = Monitor("command_processor", os.environ.get("HEADRACE_MONITOR"))
    decided = monitor.counter("commands_decided", "Commands decided, accepted or refused")
    while not stop.is_set():
        session = Session(connection, master, instance)
        try:
            while not stop.is_set():
                count = session.step(seconds=0.5)
                decided.inc(count)
                monitor.healthy(session.owns)
        except (Missing, Gap):
            raise
        except BrokerError as error:
            logger.warning("the session is over, the next one reads the log again: %s", error)
            time.sleep(0.2)
        finally:
            monitor.healthy(False)
            session.close()


if __name__ == "__main__":
    main()
