"""One run over the log: every dataset that was asked for and is not there is made, whoever asked and however often.

So are runs of feature monitors: they read the same history, and one after the other neither takes the memory of both.
"""

import logging
from dataclasses import dataclass
from typing import Self

from prometheus_client import Counter, Gauge

from headrace_broker.command_client import CommandClient
from headrace_broker.connection import Connection
from headrace_broker.feed import MetadataFeed
from headrace_broker.follower import Follower
from headrace_broker.monitoring import Monitor
from headrace_events.envelope import Position, Request
from headrace_events.errors import Refusal
from headrace_events.ids import processor_command_id
from headrace_events.project import ProjectClosing
from headrace_events.training_files import RecordTrainingFilesRemoved
from headrace_processors.feature_monitors.running import FeatureMonitors, Message
from headrace_processors.training.leaving import TrainingFiles
from headrace_processors.training.requests import Requests
from headrace_processors.training.workshop import Answer, Work, Workshop
from headrace_projections.history.engine import Engine

logger = logging.getLogger("headrace.training-datasets")

ACTOR = "system:training-datasets"


@dataclass(frozen=True, slots=True)
class Measures:
    """What the process counts, over all its sessions."""

    waiting: Gauge
    answered: Counter
    runs: Gauge

    @classmethod
    def of(cls, monitor: Monitor) -> Self:
        """The process's own."""
        return cls(
            monitor.gauge("waiting", "Datasets that are asked for and not made yet"),
            monitor.counter("answered", "Datasets that were made, or that failed", ("outcome",)),
            monitor.gauge("monitor_runs", "Runs of feature monitors that are asked for and not made yet"),
        )


class Session:
    """Reads all metadata, then makes what is asked for until it is closed."""

    def __init__(self, connection: Connection, storage: str, dsn: str, engine: Engine, measures: Measures) -> None:
        self._requests = Requests()
        self._files = TrainingFiles()
        self._removed: set[Position] = set()
        self._work: dict[Position, Work] = {}
        self._measures = measures
        self._feed = MetadataFeed(connection, patient=True)
        self._ends = Follower(connection)
        self._client = CommandClient(connection)
        self._workshop = Workshop(storage=storage, requests=self._requests, engine=engine, end=self._ends.end)
        self._monitors = FeatureMonitors(
            storage=storage, dsn=dsn, requests=self._requests, engine=engine, end=self._ends.end, tell=self._told
        )
        self.caught_up = False

    def step(self, seconds: float = 0.2) -> None:
        """Learn what happened, and take every open dataset as far as it goes. Raises BrokerError."""
        for recorded in self._feed.poll(seconds).events:
            self._requests.take(recorded)
            self._files.take(recorded)
            self._monitors.take(recorded)
            if isinstance(recorded.event, ProjectClosing):
                self._workshop.let_go(recorded.event.project)
        self.caught_up = self.caught_up or self._feed.at_end()
        if not self.caught_up:
            return
        self._work = {asked.at: self._work.get(asked.at) or Work(asked) for asked in self._requests.open()}
        self._measures.waiting.set(len(self._work))
        for work in self._work.values():
            if not work.sent and (answer := self._workshop.advance(work)) is not None:
                self._send(work, answer)
        self._discard()
        self._measures.runs.set(self._monitors.step())

    def _send(self, work: Work, answer: Answer) -> None:
        try:
            if not self._told(answer, work.asked.at):
                return
        except Refusal as refusal:
            logger.warning("%s: %s: %s", work.asked, refusal.code, refusal.message)
            work.refused(refusal.message)
        else:
            self._measures.answered.labels(answer.wire.rpartition(".")[2]).inc()
            work.sent = True

    def _discard(self) -> None:
        """Remove the files that are to go, but of no project where a dataset is being made: it may have the same."""
        busy = {work.asked.project for work in self._work.values()}
        for leaving in self._files.leaving():
            if leaving.project in busy or leaving.at in self._removed:
                continue
            answer = self._workshop.discard(leaving)
            try:
                if not self._told(answer, leaving.at):
                    continue
            except Refusal as refusal:
                logger.warning("%s, %s: %s: %s", leaving.project, answer.key, refusal.code, refusal.message)
            self._removed.add(leaving.at)

    def _told(
        self, answer: Answer | RecordTrainingFilesRemoved | Message, at: Position, step: str | None = None
    ) -> bool:
        """Say what became of the event there, once; False where nobody knows yet. Raises Refusal, BrokerError."""
        request = Request(
            command=answer,
            id=processor_command_id(at.topic_id, at.partition, at.offset, step or answer.wire),
            actor=ACTOR,
        )
        try:
            self._client.ask(request)
        except TimeoutError:
            logger.warning("%s %s: no result yet, asking again", answer.wire, answer.key)
            return False
        return True

    def close(self) -> None:
        """Stop."""
        self._client.close()
        self._ends.close()
        self._feed.close()
