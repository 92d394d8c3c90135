"""A process as a row of sessions, none of which repairs itself.

A session lasts from its making to the first error. An error that may pass ends the session alone: everything that it
knew goes with it, and the next one begins where the log or a checkpoint says. Any other error ends the process.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from headrace_broker.errors import BrokerError, Gap, Missing
from headrace_broker.monitoring import Monitor

logger = logging.getLogger(__name__)

SHORTEST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
STANDSTILL_S = 10.0
"""Behind, and not moved for this long, is not healthy."""

Session = TypeVar("Session")


def run_sessions(
    begin: Callable[[], AbstractContextManager[Session]],
    step: Callable[[Session], bool],
    *,
    stop: threading.Event,
    monitor: Monitor,
    passing: tuple[type[Exception], ...] = (BrokerError,),
    holds_s: float = math.inf,
) -> None:
    """Run one session after the other until `stop` is set: begin, then step after step, then the session is closed.

    A step says whether the process does its work, which holds for `holds_s` seconds. `passing` are the errors after
    which another session begins, without Missing and Gap, which no other session would mend. The pause before it
    doubles from one session to the next, up to LONGEST_PAUSE_S, until one of them takes a step.
    """
    pause = SHORTEST_PAUSE_S
    while not stop.is_set():
        try:
            with begin() as session:
                try:
                    while not stop.is_set():
                        monitor.healthy(step(session), holds_s)
                        pause = SHORTEST_PAUSE_S
                finally:
                    monitor.healthy(False)
        except (Missing, Gap):
            raise
        except passing as error:
            logger.warning("the session is over, another one begins: %s", error)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)


class Standstill:
    """Tells a process that works from one that is behind and does not move."""

    def __init__(self) -> None:
        self._moved = -math.inf

    def moves(self, moved: bool) -> bool:
        """Whether it moved now or in the last STANDSTILL_S seconds; to be at the end of the log is to move."""
        now = time.monotonic()
        if moved:
            self._moved = now
        return now - self._moved < STANDSTILL_S
