"""What a streaming feature group computes: functions of a column over windows of event time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from headrace._errors import Invalid

Duration = str | timedelta
"""`30s`, `10min`, `24h`, `7d`, or a timedelta of whole seconds."""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """A function of a column's values in the windows that are `over` long; its feature is `<column>_<function>_<over>`.

    Nulls do not count. Of nothing, a count is 0 and anything else is missing.
    """

    function: str
    column: str | None
    over: str

    @property
    def name(self) -> str:
        """The feature."""
        return "_".join(part for part in (self.column, self.function, self.over) if part)

    def body(self) -> dict[str, Any]:
        """As the API takes it."""
        return {"function": self.function, "column": self.column, "over": self.over}


def mean(column: str, *, over: Duration) -> Aggregation:
    """The arithmetic mean."""
    return Aggregation("mean", column, duration(over))


def sum(column: str, *, over: Duration) -> Aggregation:  # noqa: A001 - said as headrace.sum
    """The sum."""
    return Aggregation("sum", column, duration(over))


def min(column: str, *, over: Duration) -> Aggregation:  # noqa: A001 - said as headrace.min
    """The least value."""
    return Aggregation("min", column, duration(over))


def max(column: str, *, over: Duration) -> Aggregation:  # noqa: A001 - said as headrace.max
    """The greatest value."""
    return Aggregation("max", column, duration(over))


def stddev(column: str, *, over: Duration) -> Aggregation:
    """The standard deviation of the population."""
    return Aggregation("stddev", column, duration(over))


def count(column: str | None = None, *, over: Duration) -> Aggregation:
    """How many values there are; without a column, how many rows."""
    return Aggregation("count", column, duration(over))


def duration(given: Duration) -> str:
    """The text for it; raises Invalid."""
    if isinstance(given, str):
        return given
    seconds, rest = divmod(given, timedelta(seconds=1))
    if seconds <= 0 or rest:
        raise Invalid(f"{given} is no positive number of whole seconds", code="invalid-duration")
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    size, unit = next(one for one in units if seconds % one[0] == 0)
    return f"{seconds // size}{unit}"
