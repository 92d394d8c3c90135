"""The end: the manager of the whole stack is killed, and nothing stays behind. No test can come after it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psutil
import pytest
from tests.e2e.witness import Played
from tests.integration.clients import eventually

from headrace_compose.home import Home
from headrace_compose.supervision import Supervisor

pytestmark = pytest.mark.timeout(900)  # alone it starts a stack and plays a story on it


def test_no_process_of_the_whole_stack_outlives_a_killed_manager_by_ten_seconds(played: Played) -> None:
    home = Home(played.home)
    manager = psutil.Process(int((home.run / "supervisord.pid").read_text()))
    family = [manager, *manager.children(recursive=True)]
    services = {running.pid for running in Supervisor(home).running().values()}
    assert len(services) > 20
    assert services <= {process.pid for process in family}
    assert any(title(process).startswith("ray::ServeReplica") for process in family)
    for engine in (str(home.opensearch), "org.apache.flink"):
        assert any(engine in title(process) for process in family), engine
    marks = (str(home.root), str((home.root / "ray").readlink()))
    assert {process.pid for process in marked(marks)} >= services
    manager.kill()
    eventually(lambda: None if any(map(lives, family)) or marked(marks) else True, "everything to be gone", seconds=10)


def marked(marks: tuple[str, ...]) -> list[psutil.Process]:
    """The processes that name one of these folders in their command, their environment or as where they are."""
    return [
        process
        for process in psutil.process_iter()
        if lives(process) and any(mark in one for one in said(process) for mark in marks)
    ]


def said(process: psutil.Process) -> Iterator[str]:
    """All that the system tells of it, as far as it does."""
    with contextlib.suppress(psutil.Error):
        yield from process.cmdline()
    with contextlib.suppress(psutil.Error):
        yield from process.environ().values()
    with contextlib.suppress(psutil.Error):
        yield process.cwd()


def lives(process: psutil.Process) -> bool:
    """Whether it runs; one that nobody has waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def title(process: psutil.Process) -> str:
    """Its command line, as it is now; empty where it is gone already."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
