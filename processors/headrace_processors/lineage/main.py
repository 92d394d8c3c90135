"""The process that derives lineage edges: sessions one after the other, until it is told to stop."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

from headrace_broker.connection import connection_from
from headrace_broker.errors import BrokerError
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.sessions import Standstill, run_sessions
from headrace_projections.errors import Unavailable
from headrace_projections.lineage.derivation import NAME, Derivation
from headrace_projections.postgres import connect, translated


def main() -> None:
    """Derive edges until SIGTERM; each session folds all events again."""
    log_to_stderr()
    stop = stop_on_signals()
    log, dsn = connection_from(), os.environ["HEADRACE_POSTGRES"]
    monitor = Monitor("lineage", os.environ.get("HEADRACE_MONITOR"))
    written = monitor.counter("edges_written", "Edges written to the derived topic")
    lag = monitor.gauge("lag_offsets", "Offsets between the checkpoint and the ends of the log")
    standstill = Standstill()

    @contextmanager
    def begin() -> Iterator[Derivation]:
        with translated(), connect(dsn, NAME) as database, closing(Derivation(log, database)) as derivation:
            yield derivation

    def step(derivation: Derivation) -> bool:
        edges = derivation.step(0.5)
        written.inc(edges)
        lag.set(derivation.lag())
        return standstill.moves(edges > 0 or derivation.at_end)

    run_sessions(begin, step, stop=stop, monitor=monitor, passing=(BrokerError, Unavailable))


if __name__ == "__main__":
    main()
