"""From what a row gives to what the model takes: named, typed, completed from the online store, or an error."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headrace_serving.errors import BadRequest
from headrace_serving.gateway.asked import Asked, Row, micros
from headrace_serving.gateway.directory import Serving
from headrace_serving.gateway.features import Found, OnlineFeatures
from headrace_serving.model.predictor import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A row for the model: its inputs by name, what identified the example, and the error if it cannot be predicted."""

    inputs: Mapping[str, Value] = field(default_factory=dict)
    entity: Mapping[str, Value] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _BadRow(Exception):
    reason: str


async def prepare(asked: Asked, serving: Serving, online: OnlineFeatures) -> list[Prepared]:
    """Every row, in order. Values that were given go before those of the store."""
    given = [_named(row, serving) for row in asked.rows]
    looked = [
        index
        for index, row in enumerate(given)
        if row.error is None and row.entity and any(name not in row.inputs for name in serving.model.inputs)
    ]
    found: dict[int, Found] = {}
    if looked and serving.view is not None:
        entries = [given[index].entity for index in looked]
        answered = await online.find(serving.deployed.place.project, serving.view, entries)
        found = dict(zip(looked, answered, strict=True))
    return [
        row if row.error is not None else _completed(row, serving, found.get(index), asked.allow_missing)
        for index, row in enumerate(given)
    ]


def _named(row: Row, serving: Serving) -> Prepared:
    names = serving.model.inputs
    if not isinstance(row, Mapping):
        if len(row) != len(names):
            return Prepared(error=f"wrong-length: {len(row)} values for the inputs {', '.join(names)}")
        row = dict(zip(names, row, strict=True))
    keys = serving.view.keys if serving.view else {}
    types = serving.types
    inputs: dict[str, Value] = {}
    entity: dict[str, Value] = {}
    try:
        for name, value in row.items():
            _must_be_known(name, names, keys)
            if name in names:
                inputs[name] = _typed(name, value, types.get(name))
            if name in keys and value is not None:
                entity[name] = _typed(name, value, keys[name])
    except _BadRow as error:
        return Prepared(inputs=inputs, entity=entity, error=error.reason)
    return Prepared(inputs=inputs, entity=entity)


def _must_be_known(name: str, inputs: Sequence[str], keys: Mapping[str, str]) -> None:
    if name not in inputs and name not in keys:
        raise _BadRow(f"unknown-feature: {name[:80]!r} is neither an input ({', '.join(inputs)}) nor a key")


def _completed(row: Prepared, serving: Serving, found: Found | None, allow_missing: bool) -> Prepared:
    names = serving.model.inputs
    known = {**(found or {}), **row.inputs}
    inputs = {name: known.get(name) for name in names}
    absent = [name for name in names if name not in known]
    null = [name for name in names if inputs[name] is None]
    if null and not (allow_missing and (found or not absent)):
        return Prepared(inputs=inputs, entity=row.entity, error=_missing(row, serving, found, absent, null))
    return Prepared(inputs=inputs, entity=row.entity)


def _missing(row: Prepared, serving: Serving, found: Found | None, absent: list[str], null: list[str]) -> str:
    """Why the row cannot be predicted, and what to do."""
    if not absent:
        return f"missing-feature: {', '.join(null)} are null: give them, or set parameters.allow_missing"
    parameters = serving.view.parameters if serving.view else {}
    unsaid = [name for name in absent if name in parameters]
    if unsaid:
        return f"missing-feature: {', '.join(unsaid)}: give them with each request, for no vector of the view has them"
    if found is not None:
        said = ", ".join(f"{name}={str(value)[:80]}" for name, value in row.entity.items())
        if not found:
            return f"entity-not-found: the online store has nothing for {said}; {', '.join(absent)} are missing"
        return f"missing-feature: the online store has no {', '.join(absent)} for {said}: give them, or allow_missing"
    keys = ", ".join(serving.view.identity) if serving.view else ""
    return f"missing-feature: {', '.join(absent)}: give them" + (f", or the key {keys}" if keys else "")


def _typed(name: str, value: object, kind: str | None) -> Value:
    """The value as its feature type has it; raises _BadRow naming what is wrong."""
    if value is None:
        return None
    match kind, value:
        case "boolean", bool():
            return value
        case (("int" | "bigint"), int()) if not isinstance(value, bool):
            return value
        case (("int" | "bigint"), float()) if value.is_integer():
            return int(value)
        case (("float" | "double"), int() | float()) if not isinstance(value, bool):
            return _finite(name, float(value))
        case "string", str():
            return value
        case "timestamp", int() | str() | float() if not isinstance(value, bool):
            try:
                return micros(value)
            except BadRequest:
                raise _BadRow(f"wrong-type: {name!r} is a timestamp: give microseconds UTC or ISO 8601") from None
        case "date", str():
            try:
                return dt.date.fromisoformat(value).toordinal() - _EPOCH
            except ValueError:
                raise _BadRow(f"wrong-type: {name!r} is a date: give YYYY-MM-DD") from None
        case (("date" | None), int()):
            return value
        case None, str():
            return value
        case None, float():
            return _finite(name, value)
    raise _BadRow(f"wrong-type: {name!r} is {kind or 'a number, text or boolean'}, not {type(value).__name__}")


_EPOCH = dt.date(1970, 1, 1).toordinal()


def _finite(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise _BadRow(f"non-finite-number: {name!r} is {value}")
    return value


def vector_of(row: Prepared, inputs: Sequence[str]) -> list[Value]:
    """The model's inputs in order."""
    return [row.inputs[name] for name in inputs]
