"""The offline projection in a thread of the test, committing five times a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.clients import connection
from tests.integration.stack import RunningStack

from headrace_broker.monitoring import Monitor
from headrace_projections.offline.target import OfflineTarget
from headrace_projections.rows.measures import Measures
from headrace_projections.rows.runner import RowRunner


@contextmanager
def offline(stack: RunningStack, storage: str) -> Iterator[None]:
    """Keep the offline tables below the storage URL in step with the log."""
    target = OfflineTarget(storage, stack.postgres_dsn, 0.2)
    runner = RowRunner(connection(stack, "offline"), target, Measures.of(Monitor("offline", None)))
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            runner.step()
        runner.close()

    thread = threading.Thread(target=run, name="offline", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
