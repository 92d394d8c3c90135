"""Moments of the log, as somebody asks for them: a time, or an event by its number."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from headrace_events.envelope import Recorded
from headrace_events.ids import Micros
from headrace_projections.errors import NoSuchMoment


@dataclass(frozen=True, slots=True)
class AtTime:
    """What the log had taken by then, inclusive."""

    time: Micros

    def __str__(self) -> str:
        return datetime.fromtimestamp(self.time / 1_000_000, UTC).isoformat()


@dataclass(frozen=True, slots=True)
class AtSeq:
    """What the log had taken when it took that event: of a project, or ('') of the platform."""

    project: str
    seq: int

    def __str__(self) -> str:
        return f"{self.project}:{self.seq}" if self.project else str(self.seq)


Moment = AtTime | AtSeq

_NUMBERED = re.compile(r"(?:(?P<project>[a-z][a-z0-9-]*):)?(?P<seq>[0-9]+)")


def parse(text: str) -> Moment:
    """Read `<project>:<seq>`, `<seq>` (of the platform) or a time in ISO 8601 (UTC unless it names a zone).

    Raises ValueError.
    """
    numbered = _NUMBERED.fullmatch(text)
    if numbered is not None:
        return AtSeq(numbered["project"] or "", int(numbered["seq"]))
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return AtTime(Micros(round(time.timestamp() * 1_000_000)))


@dataclass(frozen=True, slots=True)
class Cut:
    """Everything up to a moment: by time, and in the topic of the event that names it by number."""

    time: Micros
    event: AtSeq | None = None

    def holds(self, recorded: Recorded) -> bool:
        """Whether the event had happened by then."""
        if self.event is not None and (recorded.project or "") == self.event.project:
            return recorded.seq <= self.event.seq
        return recorded.time <= self.time

    def within(self, batches: Iterable[list[Recorded]]) -> Iterator[list[Recorded]]:
        """The batches without the events that had not happened by then."""
        return ([recorded for recorded in batch if self.holds(recorded)] for batch in batches)


def not_there(moment: AtSeq) -> NoSuchMoment:
    """The log has no such event."""
    where = f"project {moment.project!r}" if moment.project else "the platform"
    return NoSuchMoment(f"{where} has no event number {moment.seq}")
