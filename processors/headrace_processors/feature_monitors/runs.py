"""Runs being made: each is pinned, waits until the offline store has its rows, is compared, and answered for."""

import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from headrace_broker.errors import BrokerError
from headrace_broker.follower import Partition
from headrace_events.feature_monitor_config import TimeWindow, Watchable
from headrace_events.feature_monitor_words import FeatureMonitorCreated, RecordFeatureMonitoring
from headrace_events.ids import Micros
from headrace_processors.feature_monitors.comparing import Comparing
from headrace_processors.feature_monitors.datasets import Datasets
from headrace_processors.feature_monitors.group_windows import GroupWindows
from headrace_processors.feature_monitors.monitors import Run
from headrace_processors.feature_monitors.profile import Window
from headrace_processors.feature_monitors.view_windows import ViewWindows
from headrace_processors.training.pinning import pin, pinned_histories
from headrace_processors.training.requests import AnyGroup, Requests
from headrace_projections.history.columns import types_of
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Impossible, Unavailable
from headrace_projections.history.positions import Ends, written
from headrace_projections.history.tables import history_of
from headrace_projections.history.view import ViewHistory
from headrace_projections.rows.groups import Group

logger = logging.getLogger("headrace.feature-monitors")

LOOK_EVERY_S = 0.5
REST_S = 2.0
TRIES = 3

Read = Callable[[TimeWindow, Micros], Window]


@dataclass(slots=True)
class Work:
    """How far a run has come: pinned, then answered, then sent."""

    run: Run
    ends: dict[str, Ends] | None = None
    answer: RecordFeatureMonitoring | None = None
    sent: bool = False
    tries: int = 0
    again: float = 0.0
    refusals: int = 0

    def refused(self, reason: str) -> None:
        """The answer was not taken: the run has failed, unless that is refused too, because it is answered for."""
        self.refusals += 1
        if self.refusals == 1:
            self.answer = _without_results(self.run, reason)
        else:
            self.sent = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Makes runs. `dsn` leads to sketches, `end` tells the next offset of a partition, `clock` monotonic seconds."""

    storage: str
    dsn: str
    requests: Requests
    datasets: Datasets
    engine: Engine
    end: Callable[[Partition], int]
    clock: Callable[[], float] = time.monotonic

    def advance(self, work: Work) -> RecordFeatureMonitoring | None:
        """Take the run as far as it goes now; its answer once there is one. Raises BrokerError."""
        if work.answer is None and work.again <= self.clock():
            work.again = self.clock() + LOOK_EVERY_S
            try:
                work.answer = self._made(work)
            except Impossible as error:
                work.answer = _without_results(work.run, str(error))
            except Unavailable as error:
                logger.warning("%s, try %d: %s", work.run, work.tries + 1, error)
                self._rest(work, str(error))
            except BrokerError:
                raise
            except Exception as error:  # whatever is wrong with one run leaves those of all others alone
                logger.exception("%s, try %d", work.run, work.tries + 1)
                self._rest(work, f"it cannot be compared: {type(error).__name__}: {error}")
        return work.answer

    def _rest(self, work: Work, reason: str) -> None:
        """Try it again later, or say why nothing came of it."""
        work.tries += 1
        work.again = self.clock() + REST_S * work.tries
        if work.tries >= TRIES:
            work.answer = _without_results(work.run, reason)

    def _made(self, work: Work) -> RecordFeatureMonitoring | None:
        """The answer, or None where rows it needs are on their way. Raises HistoryError, BrokerError."""
        run, monitor = work.run, work.run.monitor
        groups = self._groups(run)
        if groups is None:
            return None
        if work.ends is None:
            work.ends = pin(groups, (), self.end)
        if monitor.watched.kind is Watchable.FEATURE_GROUP:
            (group,) = groups
            return self._of_group(run, group, work.ends[group.topic_id])
        with tempfile.TemporaryDirectory(prefix="headrace-monitor-") as folder:
            return self._of_view(run, groups, work.ends, Path(folder))

    def _groups(self, run: Run) -> list[Group] | None:
        """The groups that are read; None while a topic of theirs is being opened. Raises Impossible."""
        watched = run.monitor.watched
        found: Sequence[AnyGroup] | None
        if watched.kind is Watchable.FEATURE_VIEW:
            view = self.requests.view_of(run.project, watched.name, watched.version)
            found = self.requests.groups_of(run.project, view)
        else:
            group = self.requests.group_of(run.project, watched.name, watched.version)
            found = None if group is None else [group]
        return None if found is None else [_with_history(one) for one in found]

    def _of_group(self, run: Run, group: Group, ends: Ends) -> RecordFeatureMonitoring | None:
        if history_of(self.storage, group, ends) is None:
            return None
        monitor = run.monitor
        windows = GroupWindows(
            storage=self.storage,
            dsn=self.dsn,
            engine=self.engine,
            group=group,
            ends=ends,
            features=monitor.features,
            comparison=monitor.comparison,
            exact=monitor.exact,
        )
        return self._compared(
            run, Comparing(comparison=monitor.comparison, types=types_of(group.columns)), windows.read
        )

    def _of_view(
        self, run: Run, groups: list[Group], ends: dict[str, Ends], folder: Path
    ) -> RecordFeatureMonitoring | None:
        monitor = run.monitor
        view = self.requests.view_of(run.project, monitor.watched.name, monitor.watched.version)
        histories = pinned_histories(self.storage, groups, ends)
        if histories is None:
            return None
        root, *joined = (histories[group.topic_id] for group in groups)
        history = ViewHistory(view=view, root=root, joined=tuple(joined))
        windows = ViewWindows(
            history=history,
            positions=written(ends),
            engine=self.engine,
            folder=folder,
            comparison=monitor.comparison,
        )
        comparing = Comparing(comparison=monitor.comparison, types=history.feature_types())
        return self._compared(run, comparing, windows.read)

    def _compared(self, run: Run, comparing: Comparing, read: Read) -> RecordFeatureMonitoring:
        monitor = run.monitor
        began = self.clock()
        detection = read(monitor.detection, run.at)
        reference = self._reference(run, monitor, read)
        both = [window for window in (detection, reference) if window is not None]
        compared = monitor.features if all(window.read.rows for window in both) else ()
        results = tuple(comparing.feature(name, detection, reference) for name in compared)
        logger.info("%s: %d features in %.1f s", run, len(results), self.clock() - began)
        return RecordFeatureMonitoring(
            project=run.project,
            name=monitor.name,
            number=run.number,
            detection=detection.read,
            reference=None if reference is None else reference.read,
            results=results,
        )

    def _reference(self, run: Run, monitor: FeatureMonitorCreated, read: Read) -> Window | None:
        """What is compared with; None where that is a specific value."""
        reference = monitor.reference
        if reference is None:
            return None
        if reference.window is not None:
            return read(reference.window, run.at)
        watched, version = monitor.watched, reference.training_dataset or 0
        return self.datasets.window(self.storage, run.project, watched.name, watched.version, version)


def _with_history(group: AnyGroup) -> Group:
    """The group itself; raises Impossible where the platform keeps no rows of it that were."""
    if not isinstance(group, Group):
        raise Impossible(
            f"the rows of feature group {group.name!r} stay in another database: no window of them is kept"
        )
    if not group.offline:
        raise Impossible(f"feature group {group.name!r} is kept online only: windows are read offline")
    return group


def _without_results(run: Run, reason: str) -> RecordFeatureMonitoring:
    return RecordFeatureMonitoring(project=run.project, name=run.monitor.name, number=run.number, reason=reason[:2_000])
