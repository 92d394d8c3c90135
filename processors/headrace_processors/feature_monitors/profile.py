"""What a comparison asks of a window, whatever it is read from, and what every reading of one can answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from headrace_events.feature_monitor_result import WindowRead


class NotTold(Exception):
    """What the window is read from does not tell this of a feature; the message says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A feature in a window: `rows`, of which `nulls` have no value; numbers are the finite ones, true counts as 1.

    `distinct` may be estimated. `entropy` is natural, `once` counts the values that come once; both are None where only
    rows tell them, as `distinct` of nested values is.
    """

    rows: int
    nulls: int
    numbers: int = 0
    least: float | None = None
    most: float | None = None
    mean: float | None = None
    total: float | None = None
    deviation: float | None = None
    distinct: float | None = None
    once: int | None = None
    entropy: float | None = None


class Window(Protocol):
    """A window that was read."""

    @property
    def read(self) -> WindowRead:
        """What was read."""
        ...

    def summary(self, feature: str) -> Summary:
        """The feature in the window; raises NotTold, Unavailable."""
        ...

    def quantiles(self, feature: str, ranks: Sequence[float]) -> list[float]:
        """The numbers at these ranks (0 to 1), of at least one; raises NotTold, Unavailable."""
        ...

    def up_to(self, feature: str, edges: Sequence[float]) -> list[int]:
        """How many numbers are at each edge or below it; raises NotTold, Unavailable."""
        ...

    def categories(self, feature: str) -> Mapping[str, int]:
        """How often each value is there, as text; raises NotTold, Unavailable."""
        ...


def metric(name: str, of: Summary) -> float | None:
    """The scalar of that name; None where no value has it. Raises NotTold where only rows tell it."""
    filled = of.rows - of.nulls
    match name:
        case "count":
            return of.rows
        case "num_null_values":
            return of.nulls
        case "num_non_null_values":
            return filled
        case "completeness":
            return filled / of.rows if of.rows else None
        case "approx_num_distinct_values" | "exact_num_distinct_values":
            return _told(name, of.distinct)
        case "distinctness":
            return _told(name, of.distinct) / filled if filled else None
        case "uniqueness":
            return _told(name, of.once) / filled if filled else None
        case "entropy":
            return _told(name, of.entropy) if filled else None
        case _:
            numbers = {"mean": of.mean, "min": of.least, "max": of.most, "sum": of.total, "std_dev": of.deviation}
            return numbers[name]


def _told(name: str, value: float | None) -> float:
    if value is None:
        raise NotTold(f"{name} is not told by what the window is read from: make the monitor exact")
    return value
