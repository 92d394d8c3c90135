"""The metrics of the last windows of one monitored value, as the table keeps them.

A window takes part in decisions once it is closed (a later one of its deployment has begun) and settled (the value's
count is that of the whole window: the two come in separate records, and while Flink counts the past of a new monitor
they grow separately).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from headrace_events.monitor import METRICS
from headrace_projections.monitoring.metrics import takes, value_of
from headrace_projections.monitoring.reference import Reference
from headrace_projections.monitoring.window import Window

KEPT = 64
"""Windows kept per value; a rule over more windows in a row than that never opens."""

QUALITY = frozenset({"accuracy", "log_loss"})
QUALITY_SHARE = 0.5
"""The quality of a window counts once so many of its predictions have an outcome."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a window: how many values, and the metrics that its record gives."""

    count: int
    metrics: Mapping[str, float]


@dataclass(slots=True)
class History:
    """Windows of one value by their start in milliseconds."""

    windows: dict[int, Kept] = field(default_factory=dict)

    def put(self, window: Window, reference: Reference) -> None:
        """Keep the window's newest revision."""
        self.windows[window.window_start_ms] = Kept(window.count, _metrics(window, reference))
        for start in sorted(self.windows)[:-KEPT]:
            del self.windows[start]

    def remove(self, window_start_ms: int) -> None:
        """Forget a window that nothing is in any more."""
        self.windows.pop(window_start_ms, None)

    def encode(self) -> bytes:
        """As the table holds it."""
        return orjson.dumps([[start, kept.count, kept.metrics] for start, kept in sorted(self.windows.items())])

    @classmethod
    def decode(cls, held: bytes | None) -> "History":
        """From the table; empty where it has nothing."""
        if held is None:
            return cls()
        return cls({start: Kept(count, metrics) for start, count, metrics in orjson.loads(held)})


def _metrics(window: Window, reference: Reference) -> dict[str, float]:
    found: dict[str, float] = {}
    for metric in METRICS:
        if not takes(metric, window.feature, window):
            continue
        if metric in QUALITY and (window.matched or 0) < QUALITY_SHARE * window.count:
            continue
        value = value_of(metric, window, reference)
        if value is not None:
            found[metric] = value
    return found
