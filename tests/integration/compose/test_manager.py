"""The stack through crashes and obstacles."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from tests.integration.stack import CACHE

from headrace_compose.errors import DiskFull, MissingTool, PortInUse, ServiceDied, StackBusy, UnknownService
from headrace_compose.settings import StackSettings
from headrace_compose.stack import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Give a stack that does not run yet, and end it after the test."""
    stack = Stack(settings(tmp_path))
    yield stack
    stack.down()


def settings(folder: Path) -> StackSettings:
    return StackSettings(home=folder / "home", cache=CACHE, free_space=0)


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.05)


def manager_of(stack: Stack) -> psutil.Process:
    return psutil.Process(int((stack.home.run / "supervisord.pid").read_text()))


def pid_of(stack: Stack, service: str) -> int | None:
    return stack.status().services[service].pid


def write_row(stack: Stack) -> None:
    with psycopg.connect(stack.site().postgres_dsn) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")


def read_rows(stack: Stack) -> list[tuple[int]]:
    with psycopg.connect(stack.site().postgres_dsn) as connection:
        return connection.execute("SELECT n FROM kept").fetchall()


def test_up_on_a_running_stack_changes_nothing_and_down_ends_every_process(stack: Stack) -> None:
    stack.up(["postgres"], detach=False)
    manager = manager_of(stack)
    family = [manager, *manager.children(recursive=True)]
    before = pid_of(stack, "postgres")
    stack.up(["postgres"], detach=False)
    assert pid_of(stack, "postgres") == before
    stack.down()
    assert not any(process.is_running() for process in family)
    assert stack.status().services["postgres"].state == "stopped"
    stack.down()


def test_a_crashed_service_comes_back(stack: Stack) -> None:
    stack.up(["postgres"], detach=False)
    write_row(stack)
    before = pid_of(stack, "postgres")
    assert before is not None
    os.kill(before, signal.SIGKILL)
    until(lambda: pid_of(stack, "postgres") not in {before, None})
    until(lambda: stack.status().services["postgres"].state == "ready")
    assert read_rows(stack) == [(1,)]


def test_no_child_outlives_a_killed_manager(stack: Stack) -> None:
    stack.up(["kafka", "postgres"], detach=False)
    manager = manager_of(stack)
    children = manager.children(recursive=True)
    assert len(children) > 2
    manager.kill()
    until(lambda: not any(child.is_running() for child in children), seconds=10)
    stack.up(["postgres"], detach=False)


def test_a_stack_of_which_everything_was_killed_starts_again_with_its_data(stack: Stack) -> None:
    stack.up(["kafka", "postgres"], detach=False)
    write_row(stack)
    address = stack.status().services["kafka"].address
    manager = manager_of(stack)
    family = [manager, *manager.children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):  # the guard of a killed manager may be quicker than this loop
            process.kill()
    _, left = psutil.wait_procs(family, timeout=10)
    assert left == []
    stack.up(["kafka", "postgres"], detach=False)
    assert read_rows(stack) == [(1,)]
    assert stack.status().services["kafka"].address == address


def test_a_lock_file_that_names_another_process_is_stale(stack: Stack) -> None:
    stack.up(["postgres"], detach=False)
    stack.down()
    (stack.home.postgres / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    stack.up(["postgres"], detach=False)


def test_a_stack_that_is_not_detached_ends_with_its_process(stack: Stack) -> None:
    program = (
        "import sys, time; from pathlib import Path; from headrace_compose.settings import StackSettings;"
        "from headrace_compose.stack import Stack;"
        "Stack(StackSettings(home=Path(sys.argv[1]), cache=Path(sys.argv[2]), free_space=0))"
        ".up(['postgres'], detach=False); print('up', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(stack.home.root), str(CACHE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "up\n"
        manager = manager_of(stack)
        family = [manager, *manager.children(recursive=True)]
        owner.kill()
    until(lambda: not any(process.is_running() for process in family), seconds=30)


def test_a_configured_port_in_use_names_who_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupant:
        port = occupant.getsockname()[1]
        stack = Stack(settings(tmp_path).model_copy(update={"postgres_port": port}))
        with pytest.raises(PortInUse, match=f"postgres cannot listen on 127.0.0.1:{port}") as refused:
            stack.up(["postgres"], detach=False)
    assert str(os.getpid()) in str(refused.value)


def test_a_free_port_that_was_taken_meanwhile_is_replaced(stack: Stack) -> None:
    before = stack.site().addresses["postgres"]
    with socket.create_server((before.host, before.port)):
        stack.up(["postgres"], detach=False)
        assert stack.site().addresses["postgres"] != before
        assert stack.site().addresses["kafka"].port > 0


def test_a_service_that_dies_while_starting_shows_the_end_of_its_log(stack: Stack) -> None:
    stack.up(["postgres"], detach=False)
    stack.down()
    (stack.home.postgres / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServiceDied, match="incompatible") as died:
        stack.up(["postgres"], detach=False)
    assert died.value.service == "postgres"


def test_only_one_process_at_a_time_works_on_a_home(stack: Stack) -> None:
    stack.home.make()
    with (stack.home.root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StackBusy):
            stack.up(["postgres"], detach=False)


def test_a_full_disk_is_refused_before_anything_starts(tmp_path: Path) -> None:
    stack = Stack(settings(tmp_path).model_copy(update={"free_space": 2**60}))
    with pytest.raises(DiskFull, match="GiB are free"):
        stack.up(["postgres"], detach=False)
    assert stack.status().services["postgres"].state == "stopped"


def test_an_unknown_service_is_refused(stack: Stack) -> None:
    with pytest.raises(UnknownService, match=r"there are .*kafka"):
        stack.up(["zookeeper"], detach=False)


def test_a_missing_java_is_named_with_what_to_install(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingTool, match="JDK 17"):
        stack.up(["kafka"], detach=False)


def test_a_missing_maven_is_named_when_something_must_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_java = tmp_path / "bin"
    only_java.mkdir()
    (only_java / "java").write_text("#!/bin/sh\necho 'openjdk version \"17.0.1\"' >&2\n")
    (only_java / "java").chmod(0o755)
    monkeypatch.setenv("PATH", f"{only_java}:/bin")
    monkeypatch.setattr("shutil.which", lambda name: str(only_java / name) if name == "java" else None)
    stack = Stack(settings(tmp_path).model_copy(update={"cache": tmp_path / "cache"}))
    try:
        with pytest.raises(MissingTool, match="Maven"):
            stack.up(["kafka"], detach=False)
    finally:
        stack.down()
