"""What the metadata says of feature monitors: which there are, which runs wait, and which are due by their schedule."""

from dataclasses import dataclass, field, replace

from headrace_events.cron import Cron, cron
from headrace_events.envelope import Position, Recorded
from headrace_events.feature_monitor_words import (
    FeatureMonitorCreated,
    FeatureMonitorDeleted,
    FeatureMonitorEvaluated,
    FeatureMonitorRunRequested,
    FeatureMonitorSwitched,
)
from headrace_events.ids import Micros
from headrace_events.project import ProjectArchived, ProjectClosing, ProjectUnarchived

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that was asked for, with the place of the event that says so."""

    project: str
    monitor: FeatureMonitorCreated
    number: int
    at: Micros
    place: Position

    def __str__(self) -> str:
        return f"{self.project}: feature monitor {self.monitor.name}, run {self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A time of a monitor's schedule that has come; `place` is that of the event that made the monitor."""

    project: str
    name: str
    at: Micros
    place: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    created: FeatureMonitorCreated
    place: Position
    cron: Cron | None
    after: Micros
    """The last time that was run, or since when there is any to be run."""
    enabled: bool = True

    def next(self) -> Micros | None:
        """The next time that it is due, or None."""
        schedule = self.created.schedule
        if schedule is None or self.cron is None or not self.enabled:
            return None
        begins = self.after if schedule.start is None else max(self.after, Micros(schedule.start - 1))
        found = self.cron.after(begins)
        return None if found is None or (schedule.end is not None and found > schedule.end) else found


@dataclass(slots=True)
class Monitors:
    """Folded from all metadata events; `take` them in the order of their topic."""

    _monitors: dict[_Key, _Kept] = field(default_factory=dict)
    _next: dict[_Key, Micros] = field(default_factory=dict)
    _open: dict[tuple[str, str, int], Run] = field(default_factory=dict)
    _archived: set[str] = field(default_factory=set)

    def take(self, recorded: Recorded) -> None:
        """Fold one event."""
        project = recorded.project or ""
        match recorded.event:
            case ProjectClosing(project=closed):
                self._open = {key: run for key, run in self._open.items() if key[0] != closed}
                for key in [key for key in self._monitors if key[0] == closed]:
                    self._keep(key, None)
            case ProjectArchived(project=archived):
                self._archived.add(archived)
            case ProjectUnarchived(project=archived):
                self._archived.discard(archived)
            case FeatureMonitorCreated(schedule=schedule) as made:
                said = None if schedule is None else cron(schedule.cron_expression, Micros(0))
                self._keep((project, made.name), _Kept(created=made, place=recorded.at, cron=said, after=made.since))
            case FeatureMonitorSwitched(name=name, enabled=enabled, since=since):
                kept = self._monitors[project, name]
                self._keep((project, name), replace(kept, enabled=enabled, after=max(kept.after, since)))
            case FeatureMonitorDeleted(name=name):
                self._keep((project, name), None)
                self._open = {key: run for key, run in self._open.items() if key[:2] != (project, name)}
            case FeatureMonitorRunRequested(name=name, number=number, at=at, scheduled=scheduled):
                kept = self._monitors[project, name]
                run = Run(project=project, monitor=kept.created, number=number, at=at, place=recorded.at)
                self._open[project, name, number] = run
                if scheduled:
                    self._keep((project, name), replace(kept, after=max(kept.after, at)))
            case FeatureMonitorEvaluated(name=name, number=number):
                self._open.pop((project, name, number), None)
            case _:
                pass

    def open(self) -> list[Run]:
        """The runs that wait, the oldest first."""
        return list(self._open.values())

    def due(self, now: Micros) -> list[Due]:
        """For each monitor whose schedule's time has come the last such time: those that were missed are one run.

        None of an archived project is due.
        """
        found = []
        for key in [key for key, at in self._next.items() if at <= now and key[0] not in self._archived]:
            kept = self._monitors[key]
            schedule = kept.created.schedule
            if kept.cron is not None and schedule is not None:
                at = kept.cron.until(now if schedule.end is None else min(now, schedule.end))
                if at is not None:
                    found.append(Due(project=key[0], name=key[1], at=at, place=kept.place))
        return found

    def settled(self, due: Due) -> None:
        """That time is not due any more, whatever came of it."""
        kept = self._monitors.get((due.project, due.name))
        if kept is not None:
            self._keep((due.project, due.name), replace(kept, after=max(kept.after, due.at)))

    def _keep(self, key: _Key, kept: _Kept | None) -> None:
        self._next.pop(key, None)
        if kept is None:
            self._monitors.pop(key, None)
            return
        self._monitors[key] = kept
        following = kept.next()
        if following is not None:
            self._next[key] = following
