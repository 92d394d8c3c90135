"""The servers that are measured: a stack in a home of its own, and the processor time it takes."""

import os
import signal
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from headrace_broker.connection import Connection
from headrace_compose.order import closure
from headrace_compose.service import Service, Step
from headrace_compose.services import all_services, all_steps
from headrace_compose.settings import StackSettings
from headrace_compose.stack import Stack
from headrace_compose.supervision import Supervisor

HEAVY = frozenset({"ray", "flink-jobmanager"})
"""What a stack of log, stores, API and processors does without, and whatever depends on it."""


@contextmanager
def own_stack() -> Iterator[Stack]:
    """A stack that has never run, in a home that is gone afterwards; clients of ours in this process use it too."""
    with TemporaryDirectory(prefix="headrace-bench-") as home:
        os.environ["HEADRACE_HOME"] = home
        stack = Stack(StackSettings(home=Path(home)))
        try:
            yield stack
        finally:
            stack.down()


def without_heavy(stack: Stack) -> list[str]:
    """The names of the log, the stores, the API and the processors, and of the steps between them."""
    site = stack.site()
    parts: list[Service | Step] = [*all_services(site), *all_steps(site)]
    depends_on = {part.name: part.depends_on for part in parts}
    return [name for name in depends_on if not closure([name], depends_on) & HEAVY]


def seconds_up(stack: Stack, services: Collection[str] | None = None) -> float:
    """How long the stack takes from down until every one of these services is ready; it is taken down first."""
    stack.down()
    began = time.monotonic()
    stack.up(services)
    return time.monotonic() - began


def connection(stack: Stack) -> Connection:
    """The log, as the broker itself sees it."""
    site = stack.site()
    files = site.credentials("broker")
    return Connection(bootstrap=site.bootstrap, ca=files.ca, certificate=files.cert, key=files.key)


def administrator_key(stack: Stack) -> str:
    """The key that the first start leaves in the secrets folder."""
    return (stack.home.secrets / "administrator.key").read_text().strip()


def until_all_is_read(stack: Stack, seconds: float = 600.0) -> None:
    """Return when no service has anything left to read; raises TimeoutError naming those that have."""
    deadline = time.monotonic() + seconds
    while behind := {name: service.lag for name, service in stack.status().services.items() if service.lag}:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not read after {seconds:.0f} s: {behind}")
        time.sleep(1.0)


def until_ready(stack: Stack, seconds: float = 300.0) -> None:
    """Return when every service is ready; raises TimeoutError naming those that are not."""
    deadline = time.monotonic() + seconds
    while waiting := {name: one.state for name, one in stack.status().services.items() if one.state != "ready"}:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not ready after {seconds:.0f} s: {waiting}")
        time.sleep(0.2)


def kill(stack: Stack, service: str, by: signal.Signals = signal.SIGKILL) -> None:
    """Send the process that signal, and return when it is gone; the supervisor starts another one."""
    pid = Supervisor(stack.home).running()[service].pid
    if pid is None:
        raise AssertionError(f"{service} does not run")
    process = psutil.Process(pid)
    process.send_signal(by)
    process.wait()


@contextmanager
def offline_commits(stack: Stack, seconds: float) -> Iterator[None]:
    """In this block rows wait so long at most for their commit to the offline store."""
    often = Stack(stack.settings.model_copy(update={"offline_seconds": seconds}))
    _started_anew(often, "offline")
    try:
        yield
    finally:
        _started_anew(stack, "offline")


def _started_anew(stack: Stack, service: str) -> None:
    Supervisor(stack.home).halt(service)
    stack.up([service])


class ProcessorTime:
    """The processor seconds that services take, with their children, from the making of this on.

    With `here`, this process too, as the client.
    """

    def __init__(self, stack: Stack, *, here: bool = False) -> None:
        self._pids = {name: service.pid for name, service in stack.status().services.items() if service.pid}
        self._here = here
        self._before = self._now()
        self._began = time.monotonic()

    def each(self) -> Mapping[str, float]:
        """Seconds by service so far."""
        return {name: seconds - self._before[name] for name, seconds in self._now().items()}

    def elapsed(self) -> float:
        """Seconds of the clock so far."""
        return time.monotonic() - self._began

    def _now(self) -> dict[str, float]:
        spent = {name: _seconds(psutil.Process(pid)) for name, pid in self._pids.items()}
        return {**spent, "client": time.process_time()} if self._here else spent


def _seconds(process: psutil.Process) -> float:
    total = 0.0
    for member in (process, *process.children(recursive=True)):
        try:
            times = member.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
