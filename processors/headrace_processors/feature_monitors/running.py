"""Feature monitors beside other work: what is due is asked for, and what is asked for is made and answered."""

import logging
import time
from collections.abc import Callable

from headrace_broker.follower import Partition
from headrace_events.envelope import Position, Recorded
from headrace_events.errors import Refusal
from headrace_events.feature_monitor_words import RecordFeatureMonitoring, RunFeatureMonitorOnSchedule
from headrace_events.ids import Micros
from headrace_processors.feature_monitors.datasets import Datasets
from headrace_processors.feature_monitors.monitors import Monitors
from headrace_processors.feature_monitors.runs import Runs, Work
from headrace_processors.training.requests import Requests
from headrace_projections.history.engine import Engine

logger = logging.getLogger("headrace.feature-monitors")

Message = RunFeatureMonitorOnSchedule | RecordFeatureMonitoring
Tell = Callable[[Message, Position, str], bool]
"""Says something once about the event at a position, under the name of a step; False where nobody knows yet whether it
is taken. Raises Refusal."""


class FeatureMonitors:
    """All feature monitors; `now` is the time in microseconds UTC, `clock` tells monotonic seconds."""

    def __init__(
        self,
        *,
        storage: str,
        dsn: str,
        requests: Requests,
        engine: Engine,
        end: Callable[[Partition], int],
        tell: Tell,
        now: Callable[[], Micros] = lambda: Micros(time.time_ns() // 1_000),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monitors = Monitors()
        self._datasets = Datasets()
        self._runs = Runs(
            storage=storage, dsn=dsn, requests=requests, datasets=self._datasets, engine=engine, end=end, clock=clock
        )
        self._work: dict[Position, Work] = {}
        self._tell = tell
        self._now = now

    def take(self, recorded: Recorded) -> None:
        """Fold one event; each once, in the order of its topic."""
        self._monitors.take(recorded)
        self._datasets.take(recorded)

    def step(self) -> int:
        """Ask for what is due, and take every open run as far as it goes; how many wait. Raises BrokerError."""
        for due in self._monitors.due(self._now()):
            wish = RunFeatureMonitorOnSchedule(project=due.project, name=due.name, at=due.at)
            try:
                told = self._tell(wish, due.place, f"{wish.wire}/{due.at}")
            except Refusal as refusal:
                logger.warning("%s, %s: %s: %s", due.project, due.name, refusal.code, refusal.message)
                told = True
            if told:
                self._monitors.settled(due)
        self._work = {run.place: self._work.get(run.place) or Work(run) for run in self._monitors.open()}
        for work in self._work.values():
            if not work.sent and (answer := self._runs.advance(work)) is not None:
                self._answer(work, answer)
        return len(self._work)

    def _answer(self, work: Work, answer: RecordFeatureMonitoring) -> None:
        """Say what came of the run; where that is refused, say why, once."""
        try:
            work.sent = self._tell(answer, work.run.place, f"{answer.wire}/{work.refusals}")
        except Refusal as refusal:
            logger.warning("%s: %s: %s", work.run, refusal.code, refusal.message)
            work.refused(f"{refusal.code}: {refusal.message}")
