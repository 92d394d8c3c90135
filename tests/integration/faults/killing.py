"""Ending services of a running stack as if their machine had failed; their supervisor starts them again."""

from __future__ import annotations

import os
import random
import signal
import threading
import time

from tests.integration.clients import eventually
from tests.integration.faults.load import Load
from tests.integration.stack import RunningStack

from headrace_compose.supervision import Supervisor

PACE = 50
"""How many writes a second are acknowledged when a service is killed."""
SECONDS = 180.0


def kill(stack: RunningStack, service: str) -> None:
    """Send SIGKILL to the process, and return when another one runs in its place."""
    supervisor = Supervisor(stack.site.home)
    pid = eventually(lambda: supervisor.running()[service].pid, f"{service} to run", SECONDS)
    os.kill(pid, signal.SIGKILL)
    eventually(
        lambda: supervisor.running()[service].pid not in {None, pid} or None, f"{service} to be started again", SECONDS
    )


def kill_under_load(stack: RunningStack, service: str, load: Load, chance: random.Random) -> None:
    """Kill it at a random moment while the load is at its pace, and return when the load is at its pace again."""
    load.run_until(load.acknowledged + chance.randrange(10, 100))
    # Answers come in bursts, just after a commit: this puts the moment anywhere between two of them.
    threading.Event().wait(chance.random() * 0.1)
    load.run_until(0, PACE)
    before, pace = load.acknowledged, load.pace()
    began = time.monotonic()
    kill(stack, service)
    load.run_until(before + PACE, PACE)
    print(
        f"{service} killed after {before} acknowledged writes, {pace} of them in the last second; "
        f"at that pace again after {time.monotonic() - began:.1f} s"
    )
