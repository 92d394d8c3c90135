"""Which values a column takes, and what they are in the log: dates as days, timestamps as microseconds UTC."""

import math
import numbers
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

FIRST_MICROS, LAST_MICROS = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
_LARGEST_FLOAT = 3.4028234663852886e38


class WrongValue(ValueError):
    """A value that its column does not take; the message says why."""


def plain(value: Any) -> Any:
    """Scalars of numpy and pandas as Python's; NaT and NA as None."""
    if value is None or type(value) in {str, int, float, bool, bytes}:
        return value
    if type(value).__name__ in {"NAType", "NaTType"}:
        return None
    module = type(value).__module__
    if module.startswith("pandas.") and hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)
    if module == "numpy" and hasattr(value, "ndim") and value.ndim:
        return value.tolist()
    if module == "numpy" and hasattr(value, "item"):
        return value.astype("datetime64[us]").item() if value.dtype.kind == "M" else value.item()
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise WrongValue("is not a boolean")


def _whole(bits: int) -> Callable[[Any], int]:
    limit = 1 << (bits - 1)

    def whole(value: Any) -> int:
        if isinstance(value, float) and math.isfinite(value) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise WrongValue("is not a whole number")
        if not -limit <= value < limit:
            raise WrongValue(f"is not a whole number of {bits} bits")
        return value

    return whole


def _real(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise WrongValue("is not a number")
    try:
        number = float(value)
    except OverflowError:
        raise WrongValue("is too large a number") from None
    if math.isnan(number):
        raise WrongValue("is not a number: give None where a value is missing")
    if math.isinf(number):
        raise WrongValue("is not finite")
    return number


def _single(value: Any) -> float:
    number = _real(value)
    if abs(number) > _LARGEST_FLOAT:
        raise WrongValue("is too large for a float of 32 bits")
    return number


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValue("is not a string")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise WrongValue("is not valid Unicode") from None
    return value


def _binary(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise WrongValue("is not bytes")


def _date(value: Any) -> int:
    if isinstance(value, datetime):
        if value.time().replace(tzinfo=None) != datetime.min.time():
            raise WrongValue("is a time, not a date")
        return value.date().toordinal() - _FIRST_DAY
    if isinstance(value, date):
        return value.toordinal() - _FIRST_DAY
    raise WrongValue("is not a date")


def micros_of(value: Any) -> int:
    """A datetime as microseconds since 1970 UTC; without a zone it is UTC. Raises WrongValue."""
    if not isinstance(value, datetime):
        raise WrongValue("is not a timestamp")
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    micros = (aware - _EPOCH) // _MICROSECOND
    if not FIRST_MICROS <= micros <= LAST_MICROS:
        raise WrongValue("is outside the years 1 to 9999")
    return micros


CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "int": _whole(32),
    "bigint": _whole(64),
    "float": _single,
    "double": _real,
    "string": _string,
    "binary": _binary,
    "date": _date,
    "timestamp": micros_of,
}
"""Feature type → what makes of a value that is not null what the log holds; raises WrongValue."""
