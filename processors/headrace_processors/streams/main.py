"""The process of streaming feature groups: sessions one after the other, until it is told to stop."""

import os
from contextlib import closing

from headrace_broker.connection import connection_from
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.sessions import run_sessions
from headrace_processors.streams.session import Session
from headrace_processors.streams.source import Measures


def main() -> None:
    """Pass on until SIGTERM; each session goes on from what was committed."""
    log_to_stderr()
    stop = stop_on_signals()
    connection = connection_from()
    monitor = Monitor("streams", os.environ.get("HEADRACE_MONITOR"))
    stream = ("project", "feature_group")
    measures = Measures(
        readings=monitor.counter("readings", "Rows of sources, and removals, that were passed on"),
        rows=monitor.counter("rows", "Rows of streaming feature groups that were written"),
        late=monitor.counter("late_rows", "Rows of sources that came too late to be used", stream),
        without_entity=monitor.counter("rows_without_entity", "Rows of sources with a null in their keys", stream),
        dead_letters=monitor.counter(
            "dead_letters", "Aggregates that no row came of, and records of topics that are no readings", ("project",)
        ),
    )

    def step(session: Session) -> bool:
        session.step()
        return session.knows

    run_sessions(lambda: closing(Session(connection, measures)), step, stop=stop, monitor=monitor)


if __name__ == "__main__":
    main()
