"""When a rule's alert opens and resolves: a pure function of the last decision and of the windows after it.

Windows are taken in order of event time. An alert opens at the last of `windows` adjacent windows at or above
`open_at`, and resolves at the first window at or below `resolve_at`. After it has resolved, windows that start within
the cool-down do not count. A window without a value breaks a row and resolves nothing. What was decided is not undone
when an older window is revised: the next windows decide.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from headrace_events.monitor import AlertRuleAdded


@dataclass(frozen=True, slots=True)
class Decision:
    """The alert's state since a window: its start in milliseconds UTC, and the metric there."""

    open: bool
    window_start_ms: int
    observed: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A rule's metric in a window that takes part: None where there is nothing to compute it from."""

    window_start_ms: int
    value: float | None


def decide(
    rule: AlertRuleAdded, window_seconds: int, last: Decision | None, windows: Iterable[Measured]
) -> Decision | None:
    """The next decision after `last` (None: never opened), or None while there is nothing to decide."""
    later = [window for window in windows if last is None or window.window_start_ms > last.window_start_ms]
    if last is not None and last.open:
        return _resolution(rule, later)
    return _opening(rule, window_seconds * 1000, last, later)


def _resolution(rule: AlertRuleAdded, windows: Iterable[Measured]) -> Decision | None:
    for window in windows:
        if window.value is not None and window.value <= rule.resolve_at:
            return Decision(False, window.window_start_ms, window.value)
    return None


def _opening(
    rule: AlertRuleAdded, window_ms: int, last: Decision | None, windows: Iterable[Measured]
) -> Decision | None:
    quiet_until = last.window_start_ms + rule.cool_down_seconds * 1000 if last is not None else None
    row, before = 0, None
    for window in windows:
        start, value = window.window_start_ms, window.value
        adjacent = before is not None and start - before == window_ms
        before = start
        if value is None or value < rule.open_at or (quiet_until is not None and start < quiet_until):
            row = 0
            continue
        row = row + 1 if adjacent else 1
        if row >= rule.windows:
            return Decision(True, start, value)
    return None
