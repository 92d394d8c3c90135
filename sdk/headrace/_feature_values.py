"""The values of a column, from a frame or from vectors, as functions take them and as their results are checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_NOTHING = frozenset({"NoneType", "NAType", "NaTType"})


def is_missing(value: Any) -> bool:
    """Whether it is null: None, NaN, or what pandas has for them."""
    return type(value).__name__ in _NOTHING or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN


def plain_values(column: Any) -> list[Any]:
    """The values of a list, an array or a Series, None for what is missing."""
    listed = column.tolist() if hasattr(column, "tolist") else list(column)
    return [None if is_missing(value) else value for value in listed]


def numbers(column: Any) -> Any:
    """The values as an array of doubles, NaN for what is missing."""
    import numpy as np  # noqa: PLC0415 - only on demand

    if getattr(getattr(column, "dtype", None), "kind", "O") in "iuf" and hasattr(column, "__array__"):
        found = np.array(column)
        if found.dtype.kind in "iuf":
            return found.astype(np.float64)
    return np.array([np.nan if value is None else float(value) for value in plain_values(column)], dtype=np.float64)


def whole_numbers(array: Any) -> list[int | None]:
    """An array of doubles as whole numbers, None for NaN."""
    return [None if number != number else int(number) for number in array.tolist()]  # noqa: PLR0124 - NaN


def _double(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _whole(bits: int) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(number, bool) or not isinstance(number, int) or not -(1 << bits) <= number < 1 << bits:
            raise TypeError
        return number

    return check


def _exactly(kind: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, kind) or (kind is dt.date and isinstance(value, dt.datetime)):
            raise TypeError
        return value

    return check


_FITS: Mapping[str, Callable[[Any], Any]] = {
    "boolean": _exactly(bool),
    "int": _whole(31),
    "bigint": _whole(63),
    "float": _double,
    "double": _double,
    "string": _exactly(str),
    "binary": _exactly(bytes),
    "date": _exactly(dt.date),
    "timestamp": _exactly(dt.datetime),
}
"""Feature type → the value as one of that type; raises TypeError."""


def typed_values(column: Any, kind: str) -> list[Any]:
    """The values as those of a feature type, None for what is missing; raises TypeError naming one that is not."""
    fits = _FITS[kind]
    made = []
    for value in plain_values(column):
        plain = value.item() if type(value).__module__ == "numpy" else value
        try:
            made.append(None if is_missing(plain) else fits(plain))
        except TypeError:
            raise TypeError(f"{plain!r} ({type(plain).__name__}) is no {kind}") from None
    return made


def rows_of(columns: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Columns of plain values, row by row."""
    return list(zip(*(plain_values(column) for column in columns), strict=True))
