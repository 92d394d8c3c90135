"""Numbers that may enter the log."""

import math

from headrace_events.errors import Invalid


def finite(number: float, what: str) -> float:
    """The number, if it is neither infinite nor NaN; raises Invalid."""
    if not math.isfinite(number):
        raise Invalid("non-finite-number", f"{what} is {number}: only finite numbers enter the log", {"what": what})
    return number
