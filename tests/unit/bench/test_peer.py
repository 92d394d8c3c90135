"""A peer is measured in a process of its own, and one that fails is told as failed."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psutil
import pytest

from headrace_bench.measure import Figure, show
from headrace_bench.peer import PeerFailed, free_port, python_of, serving, told

PYTHON = sys.executable


def says(program: str, *, seconds: float = 60, memory_mib: int = 1_024) -> object:
    return told([PYTHON, "-c", program], seconds=seconds, memory_mib=memory_mib)


def test_what_a_program_says_last_is_what_it_found() -> None:
    assert says("print('warming up'); print('{\"rates\": [1, 2]}')") == {"rates": [1, 2]}


def test_a_program_that_ends_badly_says_why() -> None:
    with pytest.raises(PeerFailed, match="ended with 1: ValueError: no such store"):
        says("raise ValueError('no such store')")


def test_a_program_that_says_no_figures_has_failed() -> None:
    with pytest.raises(PeerFailed, match="said no figures: done"):
        says("print('done')")


def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(PeerFailed, match="time limit"):
        says("import time; time.sleep(600)", seconds=0.5)


def test_a_program_that_takes_too_much_memory_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    program = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(started)!r}, "w").write(str(child.pid))
held = bytearray(b"x") * (1 << 29)
time.sleep(600)"""
    with pytest.raises(PeerFailed, match="took more than 200 MiB of memory"):
        says(program, memory_mib=200)
    deadline = time.monotonic() + 60
    while _lives(int(started.read_text())):
        assert time.monotonic() < deadline


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_server_that_ends_instead_of_answering_says_why() -> None:
    url = f"http://127.0.0.1:{free_port()}/health"
    command = [PYTHON, "-c", "raise SystemExit('no registry')"]
    with pytest.raises(PeerFailed, match="no registry"), serving(command, url, seconds=60):
        pass


def test_an_environment_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PeerFailed, match="is not installed"):
        python_of(tmp_path / "venv")


def test_what_failed_is_in_the_table_and_in_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    show([Figure.of_failure("rows of a peer", "took longer than its time limit")], 0.5, report)
    (figure,) = json.loads(report.read_text())["figures"]
    assert (figure["p50"], figure["reached"], figure["failed"]) == (None, False, "took longer than its time limit")
    assert "rows of a peer: took longer than its time limit" in capsys.readouterr().out
