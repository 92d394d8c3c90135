"""From what a row gives to what the model takes: named, typed, completed from the online store, or an error."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headrace_serving.errors import BadRequest
from headrace_serving.gateway.asked import Asked, Row, micros
from headrace_serving.gateway.directory import Serving
from headrace_serving.gateway.features import OnlineFeatures, Vector
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
    incomplete = [
        index
        for index, row in enumerate(given)
        if row.error is None and _has_key(row, serving) and any(name not in row.inputs for name in serving.model.inputs)
    ]
    found: dict[int, Vector | None] = {}
    if incomplete and serving.view is not None:
        entries = [given[index].entity for index in incomplete]
        project = serving.deployed.place.project
        vectors = await online.vectors(project, serving.view, entries)
        found = dict(zip(incomplete, vectors, strict=True))
    return [
        row
        if row.error is not None
        else _completed(row, serving, index in found, found.get(index), asked.allow_missing)
        for index, row in enumerate(given)
    ]


def _named(row: Row, serving: Serving) -> Prepared:
    names = serving.model.inputs
    if not isinstance(row, Mapping):
        if len(row) != len(names):
            return Prepared(error=f"wrong-length: {len(row)} values for the inputs {', '.join(names)}")
        row = dict(zip(names, row, strict=True))
    keys = serving.view.entity if serving.view else {}
    types = serving.view.types if serving.view else {}
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


def _has_key(row: Prepared, serving: Serving) -> bool:
    return serving.view is not None and all(name in row.entity for name in serving.view.entity)


def _completed(row: Prepared, serving: Serving, looked: bool, vector: Vector | None, allow_missing: bool) -> Prepared:
    inputs = {
        name: row.inputs[name] if name in row.inputs else (vector or {}).get(name) for name in serving.model.inputs
    }
    missing = [name for name in serving.model.inputs if inputs[name] is None]
    absent = [name for name in missing if name not in row.inputs and vector is None]
    if absent and looked:
        error = f"entity-not-found: the online store has no {_said(row.entity)}, so {', '.join(absent)} are missing"
    elif absent:
        keys = ", ".join(serving.view.entity) if serving.view else ""
        error = f"missing-feature: {', '.join(absent)}: give them" + (f", or the key {keys}" if keys else "")
    elif missing and not allow_missing:
        error = f"missing-feature: {', '.join(missing)} are null: give them, or set parameters.allow_missing"
    else:
        return Prepared(inputs=inputs, entity=row.entity)
    return Prepared(inputs=inputs, entity=row.entity, error=error)


def _said(entity: Mapping[str, Value]) -> str:
    return ", ".join(f"{name}={str(value)[:80]}" for name, value in entity.items())


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
