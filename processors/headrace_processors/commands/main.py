"""The process of the command processor: sessions one after the other, until it is told to stop."""

import os
from contextlib import closing
from pathlib import Path

from headrace_broker.connection import connection_from
from headrace_broker.monitoring import Monitor, log_to_stderr, stop_on_signals
from headrace_broker.sealing import MasterKey
from headrace_broker.sessions import run_sessions
from headrace_processors.commands.session import Session


def main() -> None:
    """Decide commands until SIGTERM; each session reads the state topic again."""
    log_to_stderr()
    stop = stop_on_signals()
    connection = connection_from()
    master = MasterKey.read(Path(os.environ["HEADRACE_SECRETS"]) / "master.key")
    instance = os.environ.get("HEADRACE_INSTANCE", "0")
    monitor = Monitor("command_processor", os.environ.get("HEADRACE_MONITOR"))
    decided = monitor.counter("commands_decided", "Commands decided, accepted or refused")

    def step(session: Session) -> bool:
        decided.inc(session.step(seconds=0.5))
        return session.owns

    run_sessions(lambda: closing(Session(connection, master, instance)), step, stop=stop, monitor=monitor)


if __name__ == "__main__":
    main()
