"""One run over the log: every dataset that was asked for and is not there is made, whoever asked and however often."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

from prometheus_client import Counter, Gauge

from headrace_broker.artifacts import Artifacts
from headrace_broker.command_client import CommandClient
from headrace_broker.connection import Connection
from headrace_broker.feed import MetadataFeed
from headrace_broker.follower import Follower
from headrace_broker.monitoring import Monitor
from headrace_events.envelope import Position, Request
from headrace_events.errors import Refusal
from headrace_events.ids import processor_command_id
from headrace_events.training_dataset import RecordTrainingDataset, RecordTrainingDatasetFailure
from headrace_processors.training.making import make
from headrace_processors.training.pinning import pin, pinned_history
from headrace_processors.training.requests import Asked, Requests
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Impossible, Unavailable
from headrace_projections.history.positions import Ends, written

logger = logging.getLogger("headrace.training-datasets")

ACTOR = "system:training-datasets"
LOOK_EVERY_S = 0.5
"""How long a dataset whose rows are still on their way to the offline store is left alone."""
TRIES = 3
"""How often a dataset is tried before storage that does not answer makes it fail."""

Answer = RecordTrainingDataset | RecordTrainingDatasetFailure


@dataclass(frozen=True, slots=True)
class Measures:
    """What the process counts, over all its sessions."""

    waiting: Gauge
    answered: Counter

    @classmethod
    def of(cls, monitor: Monitor) -> Self:
        """The process's own."""
        return cls(
            monitor.gauge("waiting", "Datasets that are asked for and not made yet"),
            monitor.counter("answered", "Datasets that were made, or that failed", ("outcome",)),
        )


@dataclass(slots=True)
class _Work:
    """How far a dataset has come: pinned, then answered."""

    asked: Asked
    ends: dict[str, Ends] | None = None
    answer: Answer | None = None
    sent: bool = False
    tries: int = 0
    again: float = 0.0


class Session:
    """Reads all metadata, then makes what is asked for until it is closed. `clock` tells monotonic seconds."""

    def __init__(
        self,
        connection: Connection,
        storage: str,
        engine: Engine,
        measures: Measures,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage = storage
        self._artifacts = Artifacts.at(storage)
        self._engine = engine
        self._clock = clock
        self._requests = Requests()
        self._work: dict[Position, _Work] = {}
        self._measures = measures
        self._feed = MetadataFeed(connection)
        self._ends = Follower(connection)
        self._client = CommandClient(connection)
        self.caught_up = False

    def step(self, seconds: float = 0.2) -> None:
        """Learn what happened, and take every open dataset as far as it goes. Raises BrokerError."""
        for recorded in self._feed.poll(seconds).events:
            self._requests.take(recorded)
        self.caught_up = self.caught_up or self._feed.at_end()
        if not self.caught_up:
            return
        open_now = {asked.at: asked for asked in self._requests.open()}
        self._work = {at: self._work.get(at) or _Work(asked) for at, asked in open_now.items()}
        self._measures.waiting.set(len(self._work))
        for work in self._work.values():
            if not work.sent and work.again <= self._clock():
                self._advance(work)

    def _advance(self, work: _Work) -> None:
        try:
            work.answer = work.answer or self._made(work)
        except Impossible as error:
            work.answer = _failure(work.asked, str(error))
        except Unavailable as error:
            work.tries += 1
            logger.warning("%s, try %d: %s", work.asked, work.tries, error)
            if work.tries >= TRIES:
                work.answer = _failure(work.asked, str(error))
        if work.answer is None:
            work.again = self._clock() + LOOK_EVERY_S * (1 + 4 * work.tries)
        else:
            self._send(work, work.answer)

    def _made(self, work: _Work) -> RecordTrainingDataset | None:
        """The dataset, or None where rows it needs are on their way. Raises HistoryError, BrokerError."""
        asked, request = work.asked, work.asked.request
        groups = self._requests.groups(asked)
        if groups is None:
            return None
        if work.ends is None:
            work.ends = pin(groups, request.positions, self._ends.end)
        history = pinned_history(self._storage, self._requests.view(asked), groups, work.ends)
        if history is None:
            return None
        began = self._clock()
        store = partial(self._artifacts.store, asked.project)
        made = make(history, request.splits, request.format, engine=self._engine, store=store)
        rows = sum(file.rows for file in made.files)
        logger.info("%s: %d rows in %.1f s", asked, rows, self._clock() - began)
        return RecordTrainingDataset(
            project=asked.project,
            view=request.view,
            view_version=request.view_version,
            version=request.version,
            files=made.files,
            positions=written(work.ends),
            hash=made.hash,
        )

    def _send(self, work: _Work, answer: Answer) -> None:
        at = work.asked.at
        request = Request(
            command=answer, id=processor_command_id(at.topic_id, at.partition, at.offset, answer.wire), actor=ACTOR
        )
        try:
            self._client.ask(request)
        except TimeoutError:
            logger.warning("%s: no result yet, asking again", work.asked)
            return
        except Refusal as refusal:
            # An earlier run of this process has answered, with other positions perhaps; what it said counts.
            logger.warning("%s: %s: %s", work.asked, refusal.code, refusal.message)
        else:
            self._measures.answered.labels(answer.wire.rpartition(".")[2]).inc()
        work.sent = True

    def close(self) -> None:
        """Stop."""
        self._client.close()
        self._ends.close()
        self._feed.close()


def _failure(asked: Asked, reason: str) -> RecordTrainingDatasetFailure:
    request = asked.request
    return RecordTrainingDatasetFailure(
        project=asked.project,
        view=request.view,
        view_version=request.view_version,
        version=request.version,
        reason=reason[:2_000],
    )
