"""Datasets being made: each is pinned, waits until the offline store has its rows, is made, and answered for."""

import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from headrace_broker.artifacts import Artifacts
from headrace_broker.errors import BrokerError
from headrace_broker.errors import Unavailable as BrokerUnavailable
from headrace_broker.follower import Partition
from headrace_events.training_dataset import RecordTrainingDataset, RecordTrainingDatasetFailure
from headrace_events.training_files import RecordTrainingFilesRemoved
from headrace_processors.training.leaving import Leaving
from headrace_processors.training.making import make
from headrace_processors.training.pinning import pin, pinned_histories
from headrace_processors.training.readings import Readings
from headrace_processors.training.requests import Asked, Requests
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Impossible, Unavailable
from headrace_projections.history.positions import Ends, written
from headrace_projections.history.view import ViewHistory
from headrace_projections.rows.groups import Group

logger = logging.getLogger("headrace.training-datasets")

LOOK_EVERY_S = 0.5
"""How long a dataset whose rows are still on their way to the offline store is left alone."""
REST_S = 2.0
"""How long a dataset rests after storage did not answer, times the number of tries."""
TRIES = 3
"""How often a dataset is tried before storage that does not answer, or what nobody foresaw, makes it fail."""

Answer = RecordTrainingDataset | RecordTrainingDatasetFailure


@dataclass(slots=True)
class Work:
    """How far a dataset has come: pinned, then answered, then sent."""

    asked: Asked
    ends: dict[str, Ends] | None = None
    answer: Answer | None = None
    sent: bool = False
    tries: int = 0
    again: float = 0.0

    def refused(self, reason: str) -> None:
        """The answer was not taken. A dataset that may not be recorded has failed, unless it was answered for before.

        So an earlier run's answer, whatever its positions, counts: then the failure is not taken either.
        """
        if isinstance(self.answer, RecordTrainingDataset):
            self.answer = _failure(self.asked, reason)
        else:
            self.sent = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Makes datasets from the storage. `end` tells the next offset of a partition, `clock` monotonic seconds."""

    storage: str
    requests: Requests
    engine: Engine
    end: Callable[[Partition], int]
    clock: Callable[[], float] = time.monotonic

    def advance(self, work: Work) -> Answer | None:
        """Take the dataset as far as it goes now; its answer once there is one. Raises BrokerError."""
        if work.answer is None and work.again <= self.clock():
            try:
                work.answer = self._made(work)
                work.again = self.clock() + LOOK_EVERY_S
            except Impossible as error:
                work.answer = _failure(work.asked, str(error))
            except Unavailable as error:
                logger.warning("%s, try %d: %s", work.asked, work.tries + 1, error)
                self._rest(work, str(error))
            except BrokerError:
                raise
            except Exception as error:  # whatever is wrong with one dataset leaves those of all others alone
                logger.exception("%s, try %d", work.asked, work.tries + 1)
                self._rest(work, f"it cannot be made: {type(error).__name__}: {error}")
        return work.answer

    def _rest(self, work: Work, reason: str) -> None:
        """Try it again later, or let it fail."""
        work.tries += 1
        work.again = self.clock() + REST_S * work.tries
        if work.tries >= TRIES:
            work.answer = _failure(work.asked, reason)

    def let_go(self, project: str) -> None:
        """Remove the files of a closed project, of which some may have been stored after all others were removed.

        No dataset of it is made from now on. Raises BrokerError.
        """
        Artifacts.at(self.storage).remove(project)

    def discard(self, leaving: Leaving) -> RecordTrainingFilesRemoved:
        """Remove the files; what to say once they are gone. Raises BrokerError."""
        for sha256 in sorted(leaving.sha256s):
            Artifacts.at(self.storage).discard(leaving.project, sha256)
        return leaving.answer

    def _made(self, work: Work) -> RecordTrainingDataset | None:
        """The dataset, or None where rows it needs are on their way. Raises HistoryError, BrokerError."""
        asked, request = work.asked, work.asked.request
        groups = self.requests.groups(asked)
        if groups is None:
            return None
        ours = [group for group in groups if isinstance(group, Group)]
        if work.ends is None:
            work.ends = pin(ours, request.positions, self.end)
        histories = pinned_histories(self.storage, ours, work.ends)
        if histories is None:
            return None
        began = self.clock()
        store = partial(self._store, asked.project)
        view = self.requests.view(asked)
        with tempfile.TemporaryDirectory(prefix="headrace-readings-") as folder:
            readings = Readings(
                project=asked.project,
                artifacts=Artifacts.at(self.storage),
                engine=self.engine,
                folder=Path(folder),
            )
            taken = readings.take(view, groups, request.readings)
            root, *joined = [
                histories[group.topic_id] if isinstance(group, Group) else taken[group.name, group.version].history
                for group in groups
            ]
            history = ViewHistory(view=view, root=root, joined=tuple(joined))
            made = make(history, request.splits, request.format, seed=request.seed, engine=self.engine, store=store)
        rows = sum(file.rows for file in made.files)
        logger.info("%s: %d rows in %.1f s", asked, rows, self.clock() - began)
        return RecordTrainingDataset(
            project=asked.project,
            view=request.view,
            view_version=request.view_version,
            version=request.version,
            files=made.files,
            positions=written(work.ends),
            hash=made.hash,
            statistics=made.statistics,
            readings=tuple(one.reading for one in taken.values()),
        )

    def _store(self, project: str, file: Path) -> str:
        try:
            return Artifacts.at(self.storage).store(project, file)
        except BrokerUnavailable as error:
            raise Unavailable(str(error)) from error


def _failure(asked: Asked, reason: str) -> RecordTrainingDatasetFailure:
    request = asked.request
    return RecordTrainingDatasetFailure(
        project=asked.project,
        view=request.view,
        view_version=request.view_version,
        version=request.version,
        reason=reason[:2_000],
    )
