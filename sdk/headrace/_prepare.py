"""What a deployment's worker does to the features of a request before its model sees them: what training did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from headrace._transformer import Transformer

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Prepare:
    """Rows of `inputs`, the view's columns, become rows of `gives`, what the model was fitted with, in order.

    The gateway has times as microseconds UTC, dates as days since 1970 and binaries as hexadecimal digits; functions
    see them as the SDK gives them. Pickled by value, it needs no package but those that the functions import.
    """

    def __init__(self, transformer: Transformer, gives: Sequence[str]) -> None:
        self.inputs = tuple(transformer.takes(gives))
        self.gives = tuple(gives)
        self._transformer = transformer.of(frozenset(self.inputs))
        self._types: Mapping[str, str] = {feature.name: feature.type for feature in self._transformer.columns}

    def __call__(self, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """The rows, transformed; raises Invalid."""
        named = [
            {name: _seen(value, self._types[name]) for name, value in zip(self.inputs, row, strict=True)}
            for row in rows
        ]
        return [[_given(row[name]) for name in self.gives] for row in self._transformer.rows(named)]


def preparing(transformer: Transformer, gives: Sequence[str]) -> Prepare | None:
    """What makes these columns; None where all of them are the view's own, as they are stored. Raises Invalid."""
    stored = {feature.name for feature in transformer.columns}
    return None if stored.issuperset(gives) else Prepare(transformer, gives)


def _seen(value: Any, kind: str) -> Any:
    """A value of a request as functions see it."""
    match kind, value:
        case "timestamp", int():
            return _EPOCH + dt.timedelta(microseconds=value)
        case "date", int():
            return _EPOCH.date() + dt.timedelta(days=value)
        case "binary", str():
            return bytes.fromhex(value)
    return value


def _given(value: Any) -> Any:
    """A value as a model gets it."""
    match value:
        case dt.datetime():
            zoned = value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)
            return (zoned - _EPOCH) // dt.timedelta(microseconds=1)
        case dt.date():
            return value.toordinal() - _EPOCH.toordinal()
        case bytes():
            return value.hex()
    return value
