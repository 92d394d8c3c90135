"""The process of the alert worker."""

import os
from pathlib import Path

from headrace_broker.command_client import CommandClient
from headrace_broker.connection import connection_from
from headrace_broker.monitoring import Monitor, log_to_stderr
from headrace_processors.alerts.knowledge import Knowledge
from headrace_processors.alerts.worker import Worker, fail


def main() -> None:
    """Decide alerts until SIGTERM."""
    log_to_stderr()
    connection = connection_from()
    monitor = Monitor("alerts", os.environ.get("HEADRACE_MONITOR"))
    knowledge = Knowledge(connection, failed=fail)
    commands = CommandClient(connection)
    worker = Worker(
        connection,
        knowledge,
        commands,
        instance=os.environ.get("HEADRACE_INSTANCE", "0"),
        scratch=Path(os.environ["HEADRACE_HOME"]) / "run" / "alerts",
        healthy=monitor.healthy,
    )
    worker.run()


if __name__ == "__main__":
    main()
