"""Filters of a feature view: which examples it keeps, as data that is checked against the columns and their types.

A filter looks at what an example has and sees; it never changes which row an example sees. As in SQL, a comparison
with a null is neither true nor false, and keeps nothing.
"""

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from headrace_events.errors import Invalid
from headrace_events.language import value

MOST_FILTERS = 100
MOST_CONDITIONS = 100
MOST_VALUES = 1_000
MOST_CHARACTERS = 10_000

EQUAL = frozenset({"==", "!="})
ORDERED = frozenset({"<", "<=", ">", ">="})
LISTED = frozenset({"in", "not in"})
NULL_TESTS = frozenset({"is null", "is not null"})
OPERATORS = EQUAL | ORDERED | LISTED | NULL_TESTS

_UNORDERED = frozenset({"boolean", "binary"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_FLOAT = 3.4028234663852886e38
_WHOLE = re.compile(r"-?[0-9]{1,19}", re.ASCII)

FilterValue = bool | int | float | str | bytes


@value
class Condition:
    """A comparison of a column: of the root group, or of the one that join number `join` (from 0) joins.

    `values` are texts as `filter_value` reads them: one for a comparison, some for `in`, none for a test for null.
    """

    column: str
    join: int | None = None
    operator: str
    values: tuple[str, ...] = ()


@value
class Filter:
    """Keeps the examples for which any of these holds. Of several filters of a view, each has to keep an example."""

    any_of: tuple[Condition, ...]


def filter_value(kind: str, text: str) -> FilterValue:
    """What a text says to a column of that type; dates as days, timestamps as microseconds UTC. Raises Invalid.

    Booleans are true or false, dates and timestamps ISO 8601 (UTC without a zone), binaries base64.
    """
    try:
        read = _READ[kind]
    except KeyError:
        raise Invalid(
            "invalid-filter", f"columns of type {kind} cannot be compared: test them for null", {"type": kind}
        ) from None
    try:
        return read(text)
    except (ValueError, OverflowError) as error:
        raise Invalid("invalid-filter", f"{text[:80]!r} is no value of type {kind}: {error}", {"type": kind}) from None


def check_filters(filters: Sequence[Filter], root: Mapping[str, str], joined: Sequence[Mapping[str, str]]) -> None:
    """Raise Invalid unless every condition names a column (name → type, of the root and of each join) and fits it."""
    if len(filters) > MOST_FILTERS or any(not 1 <= len(one.any_of) <= MOST_CONDITIONS for one in filters):
        raise Invalid(
            "invalid-filter", f"a view has at most {MOST_FILTERS} filters of 1 to {MOST_CONDITIONS} conditions each"
        )
    for condition in (condition for one in filters for condition in one.any_of):
        if condition.join is not None and not 0 <= condition.join < len(joined):
            raise Invalid("invalid-filter", f"a filter names join {condition.join}, and there are {len(joined)}")
        types = root if condition.join is None else joined[condition.join]
        kind = types.get(condition.column)
        if kind is None:
            raise Invalid(
                "unknown-column",
                f"a filter names column {condition.column!r}, which its group lacks",
                {"column": condition.column},
            )
        _check(condition, kind)


def _check(condition: Condition, kind: str) -> None:
    operator, count = condition.operator, len(condition.values)
    if operator not in OPERATORS:
        raise Invalid("invalid-filter", f"{operator!r} is no comparison; known are {', '.join(sorted(OPERATORS))}")
    if operator in ORDERED and kind in _UNORDERED:
        raise Invalid("invalid-filter", f"{condition.column!r} is {kind}, which has no order: use == or in")
    fewest, most = (0, 0) if operator in NULL_TESTS else (1, MOST_VALUES if operator in LISTED else 1)
    if not fewest <= count <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise Invalid("invalid-filter", f"{operator!r} takes {wanted} values, not {count}")
    for text in condition.values:
        filter_value(kind, text)


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("write true or false")
    return text == "true"


def _whole(bits: int) -> Callable[[str], int]:
    limit = 1 << (bits - 1)

    def whole(text: str) -> int:
        if not _WHOLE.fullmatch(text) or not -limit <= int(text) < limit:
            raise ValueError(f"write a whole number of {bits} bits")
        return int(text)

    return whole


def _real(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("it is not finite")
    return number


def _single(text: str) -> float:
    number = _real(text)
    if abs(number) > _LARGEST_FLOAT:
        raise ValueError("it is too large for a float of 32 bits")
    return number


def _string(text: str) -> str:
    if "\0" in text or len(text) > MOST_CHARACTERS:
        raise ValueError(f"a text has at most {MOST_CHARACTERS} characters, and no NUL among them")
    return text


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _timestamp(text: str) -> int:
    moment = datetime.fromisoformat(text)
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


_READ: Mapping[str, Callable[[str], FilterValue]] = {
    "boolean": _boolean,
    "int": _whole(32),
    "bigint": _whole(64),
    "float": _single,
    "double": _real,
    "string": _string,
    "binary": _binary,
    "date": lambda text: (date.fromisoformat(text) - _EPOCH.date()).days,
    "timestamp": _timestamp,
}
