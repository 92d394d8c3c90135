"""What a training function is given to report with, and how its lines are caught."""

import io
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_CHARACTERS = 8_000


@dataclass(frozen=True, slots=True)
class Metric:
    """A number at a step; `time` is microseconds UTC."""

    name: str
    step: int
    value: float
    time: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, numbered from 1 within the rung; `time` is microseconds UTC."""

    number: int
    stream: str
    text: str
    time: int


Tell = Callable[[Metric | Line], None]


def now() -> int:
    """Microseconds UTC."""
    return time.time_ns() // 1000


class Lines:
    """Numbers the lines of all streams of one rung."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._number = 0

    def say(self, stream: str, text: str) -> None:
        """Pass on one line; a very long one is cut, and says so."""
        if len(text) > MOST_CHARACTERS:
            text = f"{text[:MOST_CHARACTERS]}… ({len(text)} characters)"
        self._number += 1
        self._tell(Line(self._number, stream, text, now()))


class Stream(io.TextIOBase):
    """Takes the place of standard output (or error) and passes on whole lines."""

    def __init__(self, lines: Lines, name: str) -> None:
        self._lines = lines
        self._name = name
        self._rest = ""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Pass on the lines that are complete now."""
        *whole, self._rest = (self._rest + text).split("\n")
        for line in whole:
            self._lines.say(self._name, line)
        return len(text)

    def finish(self) -> None:
        """Pass on what did not end with a new line."""
        if self._rest:
            self._lines.say(self._name, self._rest)
            self._rest = ""


class Reporter:
    """What a training function is given as `reporter`."""

    def __init__(self, metric: str, lines: Lines, tell: Tell, first_step: int = 0) -> None:
        self._metric = metric
        self._lines = lines
        self._tell = tell
        self._step = first_step
        self.saved: Any = None
        self.has_saved = False

    def broadcast(self, metric: float, step: int | None = None) -> None:
        """Report the metric at a step (without one, the step after the last); steps never go back.

        Raises ValueError for a step that goes back and for a metric that is not a finite number.
        """
        value = float(metric)
        if not math.isfinite(value):
            raise ValueError(f"the metric is {value}: report finite numbers")
        at = self._step + 1 if step is None else int(step)
        if at < self._step:
            raise ValueError(f"step {at} comes after step {self._step}: steps never go back")
        self._step = at
        self._tell(Metric(self._metric, at, value, now()))

    def log(self, message: object) -> None:
        """Write a line to the run's log."""
        for line in str(message).splitlines() or [""]:
            self._lines.say("log", line)

    def save(self, checkpoint: Any) -> None:
        """Keep this (a model, a state: anything that can be pickled) as what the trial goes on from if promoted."""
        self.saved = checkpoint
        self.has_saved = True
