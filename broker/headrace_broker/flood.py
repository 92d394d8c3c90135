"""Keeping a flood of refusals out of the audit trail: the first are written, the others counted. Pure.

Refusals of one actor with one code, from one address and towards one project are alike. Of these the first ten in a
minute are written as they come; what follows is one entry at the minute's end that says how many it stands for.
"""

from dataclasses import dataclass, field, replace
from itertools import takewhile

from headrace_broker.audit import Act, Outcome
from headrace_events.ids import Micros

WRITTEN = 10
WINDOW_US = 60_000_000
MOST_WINDOWS = 1_000
"""When so many are open, whatever is new is alike by its code alone."""

Alike = tuple[str, str | None, str, str | None]


@dataclass(slots=True)
class _Window:
    """Alike refusals since `since`: how many came, and the last one."""

    since: Micros
    last: Act
    came: int = 0


@dataclass(slots=True)
class Flood:
    """What is let through now. Time is that of the acts, so whoever replays them decides the same."""

    _open: dict[Alike, _Window] = field(default_factory=dict)
    """In the order in which they were opened."""

    def take(self, act: Act) -> list[Act]:
        """What to write now that this refusal came."""
        ended = self.ended(act.at)
        alike: Alike = (act.actor, act.address, act.code, act.project)
        if alike not in self._open and len(self._open) >= MOST_WINDOWS:
            act = replace(act, actor="various", address=None, project=None, subject="", command=None, details={})
            alike = (act.actor, None, act.code, None)
        window = self._open.setdefault(alike, _Window(act.at, act))
        window.came += 1
        window.last = act
        return [*ended, act] if window.came <= WRITTEN else ended

    def ended(self, at: Micros) -> list[Act]:
        """The counts of what was held back in the minutes that are over."""
        over = list(takewhile(lambda item: item[1].since + WINDOW_US <= at, self._open.items()))
        for alike, _ in over:
            del self._open[alike]
        return [_summary(window) for _, window in over if window.came > WRITTEN]

    def rest(self) -> list[Act]:
        """The counts of everything that is still held back."""
        held = [_summary(window) for window in self._open.values() if window.came > WRITTEN]
        self._open.clear()
        return held


def _summary(window: _Window) -> Act:
    held = window.came - WRITTEN
    message = f"{held} more like this within a minute; the last: {window.last.message}"
    return replace(window.last, outcome=Outcome.REFUSED, count=held, message=message, command=None)
