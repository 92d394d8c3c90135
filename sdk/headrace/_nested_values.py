"""Which values a column of a nested type takes, what they are in the log, and what they are again in an answer."""

from __future__ import annotations

import base64
import decimal
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from headrace._feature_types import FeatureType, parsed
from headrace._values import CONVERT, WrongValue, plain

Convert = Callable[[Any], Any]

_EXACT = decimal.Context(prec=100, traps=[decimal.InvalidOperation, decimal.Inexact])


@lru_cache(maxsize=4096)
def converter(kind: str) -> Convert:
    """What makes of a value that is not null what the log holds; it raises WrongValue."""
    return CONVERT[kind] if kind in CONVERT else _of(parsed(kind))


def _of(kind: FeatureType) -> Convert:
    match kind.name:
        case "decimal":
            return _decimal(*kind.numbers)
        case "embedding":
            return _embedding(*kind.numbers)
        case "array":
            return _array(_nullable(_of(kind.inner[0])))
        case "map":
            return _map(_nullable(_of(kind.inner[0])))
        case "struct":
            inner = [_nullable(_of(one)) for one in kind.inner]
            return _struct(dict(zip(kind.names, inner, strict=True)))
        case flat:
            return CONVERT[flat]


def _nullable(convert: Convert) -> Convert:
    def converted(value: Any) -> Any:
        value = plain(value)
        return None if value is None else convert(value)

    return converted


def _decimal(precision: int, scale: int) -> Convert:
    limit = 10**precision

    def convert(value: Any) -> bytes:
        if isinstance(value, bool) or not isinstance(value, int | decimal.Decimal):
            raise WrongValue("is not a decimal")
        given = decimal.Decimal(value)
        if not given.is_finite():
            raise WrongValue("is not finite")
        try:
            unscaled = int(given.quantize(decimal.Decimal(1).scaleb(-scale), context=_EXACT).scaleb(scale, _EXACT))
        except (decimal.Inexact, decimal.InvalidOperation):
            raise WrongValue(f"has more than {scale} digits after the point") from None
        if not -limit < unscaled < limit:
            raise WrongValue(f"has more than {precision} digits")
        return unscaled.to_bytes((unscaled.bit_length() + 8) // 8, signed=True)

    return convert


def _embedding(size: int) -> Convert:
    single = CONVERT["float"]

    def convert(value: Any) -> list[float]:
        listed = _listed(value)
        if len(listed) != size:
            raise WrongValue(f"is not a vector of {size} numbers")
        return [single(plain(number)) for number in listed]

    return convert


def _array(item: Convert) -> Convert:
    return lambda value: [item(one) for one in _listed(value)]


def _map(item: Convert) -> Convert:
    string = CONVERT["string"]

    def convert(value: Any) -> dict[str, Any]:
        if isinstance(value, Mapping):
            pairs = list(value.items())
        else:
            pairs = _listed(value)
            if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
                raise WrongValue("is not a map")
        found = {string(name): item(one) for name, one in pairs}
        if len(found) != len(pairs):
            raise WrongValue("names a key twice")
        return found

    return convert


def _struct(fields: Mapping[str, Convert]) -> Convert:
    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise WrongValue("is not a struct")
        strange = [name for name in value if name not in fields]
        if strange:
            raise WrongValue(f"has a field {strange[0]!r}, which the struct lacks")
        return {name: inner(value.get(name)) for name, inner in fields.items()}

    return convert


def _listed(value: Any) -> list[Any]:
    value = plain(value)
    if not isinstance(value, list | tuple):
        raise WrongValue("is not a list")
    return list(value)


def from_json(value: Any, kind: str) -> Any:
    """A value as an answer has it (times and decimals as text, binaries as base64), as Python has it."""
    return _read(value, parsed(kind))


def _read(value: Any, kind: FeatureType) -> Any:
    if value is None:
        return None
    match kind.name, value:
        case "decimal", str():
            return decimal.Decimal(value)
        case "timestamp", str():
            return datetime.fromisoformat(value)
        case "date", str():
            return date.fromisoformat(value)
        case "binary", str():
            return base64.b64decode(value)
        case "array", list():
            return [_read(one, kind.inner[0]) for one in value]
        case "map", dict():
            return {name: _read(one, kind.inner[0]) for name, one in value.items()}
        case "struct", dict():
            types = dict(zip(kind.names, kind.inner, strict=True))
            return {name: _read(one, types[name]) for name, one in value.items()}
        case _:
            return value
