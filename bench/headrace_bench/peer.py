"""Programs of others, measured in environments of their own: each in a process that has a time and a memory limit."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import httpx
import psutil

LOOKS_S = 0.2


class PeerFailed(Exception):
    """A peer's part gave no figure; the message says why."""


def told(command: Sequence[str], *, seconds: float, memory_mib: int) -> Any:
    """What the program says last on its standard output, as JSON; raises PeerFailed."""
    with TemporaryFile("w+") as out, TemporaryFile("w+") as errors:
        with _running(command, out.fileno(), errors.fileno()) as process:
            _wait(process, time.monotonic() + seconds, memory_mib)
        if process.returncode:
            raise PeerFailed(f"ended with {process.returncode}: {_last_line(errors)[:300]}")
        try:
            return json.loads(_last_line(out))
        except ValueError as error:
            raise PeerFailed(f"said no figures: {_last_line(out)[:300]}") from error


@contextmanager
def serving(command: Sequence[str], url: str, *, seconds: float) -> Iterator[None]:
    """A server that answers at that URL, until the block ends; raises PeerFailed."""
    with TemporaryFile("w+") as said, _running(command, said.fileno(), said.fileno()) as process:
        deadline = time.monotonic() + seconds
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise PeerFailed(f"does not answer at {url}: {_last_line(said)[:300]}")
            time.sleep(LOOKS_S)
        yield


@contextmanager
def _running(command: Sequence[str], out: int, errors: int) -> Iterator[subprocess.Popen[bytes]]:
    """The process, which is the first of a group of its own: nothing of it is left afterwards."""
    process = subprocess.Popen(command, stdout=out, stderr=errors, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: subprocess.Popen[bytes], deadline: float, memory_mib: int) -> None:
    while process.poll() is None:
        if time.monotonic() > deadline:
            raise PeerFailed("took longer than its time limit")
        if _taken_mib(process.pid) > memory_mib:
            raise PeerFailed(f"took more than {memory_mib:,} MiB of memory")
        time.sleep(LOOKS_S)


def _taken_mib(pid: int) -> float:
    try:
        return float(psutil.Process(pid).memory_info().rss) / (1 << 20)
    except psutil.NoSuchProcess:
        return 0.0


def _last_line(written: IO[str]) -> str:
    written.seek(0)
    lines = written.read().strip().splitlines()
    return lines[-1] if lines else "nothing was said"


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False


def python_of(environment: Path) -> Path:
    """The interpreter of that environment; raises PeerFailed where it is not installed."""
    python = environment.absolute() / "bin" / "python"
    if not python.exists():
        raise PeerFailed(f"{environment} is not installed")
    return python


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])
