"""Whoever is killed, nothing of the work is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import subprocess, sys, time
from headrace_serving.lifeline import run_guarded

def work():
    orphan = "import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True)"
    subprocess.run([sys.executable, "-c", orphan])
    sleeper = subprocess.Popen(["sleep", "600"])
    print("up", flush=True)
    try:
        time.sleep(600)
    except SystemExit:
        pass

import signal
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
sys.exit(run_guarded(work))
"""


@pytest.mark.parametrize("victim", ["parent", "child", "told"])
def test_nothing_is_left(victim: str) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as guard:
        assert guard.stdout is not None
        assert guard.stdout.readline() == "up\n"
        family = descendants(guard.pid)
        assert len(family) == 3, "the child, its sleeper, and the orphan it adopted"
        match victim:
            case "parent":
                os.kill(guard.pid, signal.SIGKILL)
            case "child":
                os.kill(family[0], signal.SIGKILL)
            case _:
                os.kill(guard.pid, signal.SIGTERM)
        guard.wait(10)
        deadline = time.monotonic() + 10
        while any(alive(pid) for pid in family):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def descendants(pid: int) -> list[int]:
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [below for child in found for below in descendants(child)]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
