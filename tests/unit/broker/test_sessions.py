"""Sessions one after the other: which errors end a session, which the process, and what health says meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from headrace_broker.errors import Gap, Missing, Unavailable
from headrace_broker.monitoring import Monitor
from headrace_broker.sessions import LONGEST_PAUSE_S, Standstill, run_sessions

GONE = Unavailable("the broker is gone")


class Pauses(threading.Event):
    """A stop signal that lets every pause pass at once, and remembers how long each was to be."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Let the pause pass."""
        self.seconds.append(timeout)
        return self.is_set()


class Process:
    """Runs sessions by scripts of what each step comes to, and is told to stop after the last."""

    def __init__(self, *scripts: Sequence[bool | Exception]) -> None:
        self.stop = Pauses()
        self.monitor = Monitor("test", None)
        self.said: list[str] = []
        self._scripts = iter(scripts)

    @property
    def healthy(self) -> bool:
        """What its monitor shows."""
        return self.monitor.registry.get_sample_value("headrace_test_healthy") == 1

    def run(self) -> None:
        """Until it is told to stop, or an error ends it."""
        run_sessions(self._begin, self._step, stop=self.stop, monitor=self.monitor)

    @contextmanager
    def _begin(self) -> Iterator[list[bool | Exception]]:
        self._say("begin")
        try:
            yield list(next(self._scripts))
        finally:
            self._say("close")

    def _step(self, script: list[bool | Exception]) -> bool:
        self._say("step")
        if not script:
            self.stop.set()
            return True
        came = script.pop(0)
        if isinstance(came, Exception):
            raise came
        return came

    def _say(self, what: str) -> None:
        self.said.append(f"{what}, healthy" if self.healthy else what)


def test_what_may_pass_ends_a_session_which_is_closed_before_the_next_begins() -> None:
    process = Process([GONE], [])
    process.run()
    assert process.said == ["begin", "step", "close", "begin", "step", "close"]


@pytest.mark.parametrize("error", [Missing("no topic"), Gap("topic", 3, 5), ValueError("a bug")])
def test_any_other_error_ends_the_process_and_its_session_is_closed(error: Exception) -> None:
    process = Process([error], [])
    with pytest.raises(type(error)):
        process.run()
    assert process.said == ["begin", "step", "close"]


def test_a_process_is_as_healthy_as_its_last_step_says_and_not_between_sessions() -> None:
    process = Process([True, False, True, GONE], [])
    process.run()
    first = ["begin", "step", "step, healthy", "step", "step, healthy", "close"]
    assert process.said == [*first, "begin", "step", "close"]


def test_pauses_double_until_a_step_is_taken() -> None:
    process = Process([GONE], [GONE], [True, GONE], *[[GONE]] * 5, [])
    process.run()
    assert process.stop.seconds == [0.2, 0.4, 0.2, 0.4, 0.8, 1.6, 3.2, LONGEST_PAUSE_S]


def test_to_be_behind_and_never_to_have_moved_is_a_standstill() -> None:
    standstill = Standstill()
    assert not standstill.moves(False)
    assert standstill.moves(True)
    assert standstill.moves(False)
