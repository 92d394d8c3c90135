"""The process that makes training datasets and runs feature monitors: sessions, one by one, until told to stop."""

import os
from contextlib import closing

from headrace_broker.connection import connection_from
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.sessions import run_sessions
from headrace_processors.training.session import Measures, Session
from headrace_projections.history.engine import Engine


def main() -> None:
    """Make datasets and run monitors until SIGTERM. `HEADRACE_JOIN_MEMORY_MIB` caps the memory of one join."""
    log_to_stderr()
    stop = stop_on_signals()
    connection = connection_from()
    storage, dsn = os.environ["HEADRACE_STORAGE"], os.environ["HEADRACE_POSTGRES"]
    engine = Engine(memory_mib=int(os.environ.get("HEADRACE_JOIN_MEMORY_MIB", "1024")))
    monitor = Monitor("training_datasets", os.environ.get("HEADRACE_MONITOR"))
    measures = Measures.of(monitor)

    def step(session: Session) -> bool:
        session.step()
        return session.caught_up

    run_sessions(lambda: closing(Session(connection, storage, dsn, engine, measures)), step, stop=stop, monitor=monitor)


if __name__ == "__main__":
    main()
