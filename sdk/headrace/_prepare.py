"""What a deployment's worker does to the features of a request before its model sees them: what training did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from headrace._errors import Invalid
from headrace._on_demand import OnDemand, computed
from headrace._transformer import Transformer

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Prepare:
    """Rows of `inputs` become rows of `gives`, what the model was fitted with, in order.

    Inputs are columns of the view, and what on-demand features are computed of besides. The gateway has times as
    microseconds UTC, dates as days since 1970 and binaries as hexadecimal digits; functions see them as the SDK gives
    them. Pickled by value, it needs no package but those that the functions import.
    """

    def __init__(self, transformer: Transformer, gives: Sequence[str], on_demand: OnDemand | None = None) -> None:
        self.gives = tuple(gives)
        taken = transformer.takes(gives)
        self._transformer = transformer.of(frozenset(taken))
        computing = None if on_demand is None else on_demand.of(taken)
        self._on_demand = () if computing is None else computing.ready
        arguments = {} if computing is None else computing.arguments
        made = {name for ready in self._on_demand for name in ready.gives.values()}
        self.inputs = tuple(dict.fromkeys((*(name for name in taken if name not in made), *arguments)))
        self._types: Mapping[str, str] = {
            **{feature.name: feature.type for feature in self._transformer.columns},
            **arguments,
        }

    def __call__(self, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """The rows, transformed; raises Invalid."""
        named = [
            {name: _seen(value, self._types[name]) for name, value in zip(self.inputs, row, strict=True)}
            for row in rows
        ]
        if self._on_demand:
            self._compute(named)
        return [[_given(row[name]) for name in self.gives] for row in self._transformer.rows(named)]

    def _compute(self, rows: list[dict[str, Any]]) -> None:
        """Put the on-demand features into the rows; raises Invalid."""
        columns = {name: [row[name] for row in rows] for one in self._on_demand for name in one.takes.values()}
        found = computed(self._on_demand, columns, len(rows))
        for row, reasons in sorted(found.wrong.items()):
            name, reason = next(iter(reasons.items()))
            raise Invalid(f"{name!r} of row {row}: {reason}", code="on-demand-failed")
        for row, made in enumerate(rows):
            made.update({name: values[row] for name, values in found.columns.items()})


def preparing(transformer: Transformer, gives: Sequence[str], on_demand: OnDemand | None = None) -> Prepare | None:
    """What makes these columns; None where all of them are the view's own, as they are stored.

    On-demand features are computed, though they are stored as well. Raises Invalid.
    """
    computed = frozenset(() if on_demand is None else (feature.name for feature in on_demand.features))
    if not {feature.name for feature in transformer.columns}.issuperset(gives):
        return Prepare(transformer, gives, on_demand)
    return None if computed.isdisjoint(gives) else Prepare(Transformer((), transformer.columns, {}), gives, on_demand)


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
