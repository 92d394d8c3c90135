"""Filters of queries: `fg.wind > 3`, put together with &, | and ~, and sent as data.

What is put together is kept as conditions of which any has to hold, in groups that each have to hold.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from headrace._errors import Invalid
from headrace._splits import iso
from headrace._values import CONVERT, WrongValue, plain

MOST_CONDITIONS = 100
"""As many as a filter and as a group of one may have."""

_NEGATED = {
    "==": "!=",
    "<": ">=",
    ">": "<=",
    "in": "not in",
    "is null": "is not null",
}
_NEGATED |= {negated: operator for operator, negated in _NEGATED.items()}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()

GroupVersion = tuple[str | None, str, int]
"""The project that shares it (None: the project's own), the name and the version of a feature group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A comparison of a column of a group with values, which are texts."""

    group: GroupVersion
    column: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions put together: in each group any of them has to hold. With a null they do not, save tests for null."""

    groups: tuple[tuple[Condition, ...], ...]

    def __and__(self, other: Filter) -> Filter:
        """Both have to hold."""
        return _within_bounds((*self.groups, *_filter(other).groups))

    def __or__(self, other: Filter) -> Filter:
        """Either has to hold."""
        return _within_bounds((*one, *another) for one, another in product(self.groups, _filter(other).groups))

    def __invert__(self) -> Filter:
        """It must not hold, in what is not null."""
        return _within_bounds(tuple(map(_negated, chosen)) for chosen in product(*self.groups))

    def __bool__(self) -> bool:
        """Refuse: `and`, `or` and `not` cannot be told apart from here."""
        raise Invalid(
            "filters are put together with &, | and ~, each comparison in brackets: (fg.x > 3) & (fg.y == 'a')",
            code="invalid-filter",
        )


class FeatureColumn:
    """A column of a feature group in a comparison, which makes a Filter."""

    def __init__(self, group: GroupVersion, name: str, kind: str) -> None:
        self._group = group
        self._name = name
        self._kind = kind

    def __repr__(self) -> str:
        return f"FeatureColumn({self._group[1]!r}, {self._name!r})"

    __hash__ = None  # type: ignore[assignment] # == makes a filter

    def __eq__(self, other: object) -> Filter:  # type: ignore[override]
        """Whether it is that value; raises Invalid for None (see is_null) and for a value of another type."""
        return self._compared("==", other)

    def __ne__(self, other: object) -> Filter:  # type: ignore[override]
        """Whether it is another value, and not null."""
        return self._compared("!=", other)

    def __lt__(self, other: object) -> Filter:
        return self._compared("<", other)

    def __le__(self, other: object) -> Filter:
        return self._compared("<=", other)

    def __gt__(self, other: object) -> Filter:
        return self._compared(">", other)

    def __ge__(self, other: object) -> Filter:
        return self._compared(">=", other)

    def isin(self, values: Iterable[object]) -> Filter:
        """Whether it is one of these values."""
        return self._condition("in", tuple(self._text(value) for value in values))

    def is_null(self) -> Filter:
        """Whether there is no value; in a joined group, also whether nothing was found."""
        return self._condition("is null", ())

    def is_not_null(self) -> Filter:
        """Whether there is a value."""
        return self._condition("is not null", ())

    def _compared(self, operator: str, other: object) -> Filter:
        return self._condition(operator, (self._text(other),))

    def _condition(self, operator: str, values: tuple[str, ...]) -> Filter:
        return Filter(((Condition(group=self._group, column=self._name, operator=operator, values=values),),))

    def _text(self, value: Any) -> str:
        value = plain(value)
        if value is None:
            raise Invalid(
                f"nothing equals null: ask {self._name!r} with is_null() or is_not_null()", code="invalid-filter"
            )
        try:
            return _text(self._kind, value)
        except WrongValue as error:
            raise Invalid(f"{value!r} {error}, as {self._name!r} is: {self._kind}", code="invalid-filter") from None


def _text(kind: str, value: Any) -> str:
    """The value as the API takes it; raises WrongValue, Invalid."""
    if kind == "timestamp":
        return iso(value)
    if kind == "date" and isinstance(value, str):
        return value
    if kind not in CONVERT:
        raise WrongValue("cannot be compared with a column of that type")
    converted = CONVERT[kind](value)
    match converted:
        case bool():
            return "true" if converted else "false"
        case bytes():
            return base64.b64encode(converted).decode()
        case int() if kind == "date":
            return (_EPOCH + timedelta(days=converted)).isoformat()
        case float():
            return repr(converted)
        case _:
            return str(converted)


def _negated(condition: Condition) -> Condition:
    return Condition(
        group=condition.group,
        column=condition.column,
        operator=_NEGATED[condition.operator],
        values=condition.values,
    )


def _filter(given: object) -> Filter:
    if not isinstance(given, Filter):
        raise Invalid(
            f"{given!r} is no filter: compare a column, as in fg.x > 3, each comparison in brackets",
            code="invalid-filter",
        )
    return given


def _within_bounds(groups: Iterable[tuple[Condition, ...]]) -> Filter:
    made: dict[tuple[Condition, ...], None] = {}
    for group in groups:
        made[tuple(dict.fromkeys(group))] = None
        if len(made) > MOST_CONDITIONS or len(group) > MOST_CONDITIONS:
            raise Invalid("the filter is too large: use isin for many values of a column", code="invalid-filter")
    return Filter(tuple(made))
