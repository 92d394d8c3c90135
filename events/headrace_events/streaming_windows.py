"""Windows of a streaming feature group: what is aggregated over how long, and what the features are called.

Event time is cut at the multiples of the slide since 1970 UTC. The window that ends at such a multiple E and is O long
holds the rows with E - O <= event time < E. So its end, which is its row's event time, is later than all it holds.
"""

import re
from collections.abc import Mapping, Sequence

from headrace_events.errors import Invalid
from headrace_events.language import value
from headrace_events.row_schema import Column

FUNCTIONS = ("count", "sum", "mean", "min", "max", "stddev")
NUMBERS = frozenset({"int", "bigint", "float", "double"})
MOST_AGGREGATIONS = 100
MOST_SLIDES = 1_500
MOST_LATENESS_SECONDS = 30 * 86_400
WINDOW_END = "window_end"
"""The column of event time that every streaming feature group has."""

_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"([1-9][0-9]{0,8})(s|min|h|d)", re.ASCII)


@value
class Aggregation:
    """A function of a column's values in the windows that are `over` long; a count without a column counts rows."""

    function: str
    column: str | None = None
    over: str

    @property
    def name(self) -> str:
        """The feature: `arr_delay_mean_1h`, `count_1h`."""
        return "_".join(part for part in (self.column, self.function, self.over) if part)

    @property
    def type(self) -> str:
        """The type of the feature."""
        return "bigint" if self.function == "count" else "double"


def seconds_of(duration: str) -> int:
    """The seconds of `30s`, `10min`, `24h` or `7d`; raises Invalid."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise Invalid(
            "invalid-duration",
            f"{duration[:40]!r} is no duration: say 30s, 10min, 24h or 7d",
            {"duration": duration[:40]},
        )
    return int(found[1]) * _SECONDS[found[2]]


def check_windows(aggregations: Sequence[Aggregation], slide: int, types: Mapping[str, str]) -> None:
    """Raise Invalid unless each is a function of a number in the source, over some whole slides; `slide` in seconds."""
    if not 1 <= len(aggregations) <= MOST_AGGREGATIONS:
        raise Invalid("invalid-aggregations", f"a streaming feature group has 1 to {MOST_AGGREGATIONS} aggregations")
    for one in aggregations:
        _check_function(one, types)
        over = seconds_of(one.over)
        if over % slide:
            raise Invalid(
                "invalid-window",
                f"{one.name}: {one.over} is no multiple of the slide, which is {slide} s",
                {"feature": one.name},
            )
        if over > slide * MOST_SLIDES:
            raise Invalid(
                "window-too-long",
                f"{one.name}: a window is at most {MOST_SLIDES} slides long: let it slide further than {slide} s",
                {"feature": one.name},
            )


def _check_function(one: Aggregation, types: Mapping[str, str]) -> None:
    if one.function not in FUNCTIONS:
        raise Invalid(
            "unknown-function",
            f"{one.function[:40]!r} is none of {', '.join(FUNCTIONS)}",
            {"function": one.function[:40]},
        )
    if one.column is None:
        if one.function != "count":
            raise Invalid("no-column", f"{one.function} needs a column; only rows are counted without one")
    elif one.column not in types:
        raise Invalid("unknown-column", f"the source has no column {one.column!r}", {"column": one.column})
    elif types[one.column] not in NUMBERS:
        raise Invalid(
            "not-a-number",
            f"{one.column!r} is of type {types[one.column]}; {', '.join(sorted(NUMBERS))} are aggregated",
            {"column": one.column},
        )


def columns_of(
    keys: Sequence[str], types: Mapping[str, str], aggregations: Sequence[Aggregation]
) -> tuple[Column, ...]:
    """The columns of the group: its keys as in the source, the window's end, and a feature for each aggregation."""
    return (
        *(Column(name=key, type=types[key]) for key in keys),
        Column(name=WINDOW_END, type="timestamp", description="the window holds what was before"),
        *(Column(name=one.name, type=one.type) for one in aggregations),
    )
