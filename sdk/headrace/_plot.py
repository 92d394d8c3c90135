"""Columns over time as text for a terminal."""

from collections.abc import Sequence
from datetime import datetime

BLOCKS = " ▁▂▃▄▅▆▇█"
STEPS = len(BLOCKS) - 1


def columns(
    title: str, moments: Sequence[datetime], values: Sequence[float], *, width: int = 100, height: int = 8
) -> str:
    """A column for each value, from 0 up; where there are more values than columns, each shows the highest of several.

    Values are finite and not negative.
    """
    if not values:
        return f"{title}: nothing yet"
    share = -(-len(values) // max(1, width - 10))
    highest = [max(values[at : at + share]) for at in range(0, len(values), share)]
    top = max(highest)
    steps = [round(value / top * height * STEPS) if top > 0 else 0 for value in highest]
    lines = []
    for row in reversed(range(height)):
        label = f"{top * (row + 1) / height:8.3f} " if row in {0, height - 1} else " " * 9
        drawn = "".join(BLOCKS[min(STEPS, max(0, step - row * STEPS))] for step in steps)
        lines.append(f"{label}┤{drawn}".rstrip())
    first, last = (moment.strftime("%Y-%m-%d %H:%M") for moment in (moments[0], moments[-1]))
    axis = f"{0:8.3f} └{'─' * len(steps)}"
    return "\n".join([title, *lines, axis, f"{'':10}{first} … {last}"])
