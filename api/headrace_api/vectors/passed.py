"""What callers pass for features, in JSON, as values of the features' types, exactly: Arrow is given nothing else."""

import base64
import decimal
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from headrace_events.feature_type import Array, Decimal, Embedding, FeatureType, Flat, Map, Struct, parsed


def passed_value(kind: str, value: Any) -> Any:
    """The value as Arrow takes it: maps as lists of pairs. Raises ValueError where it is none of that type."""
    return _of(parsed(kind), value)


def _of(kind: FeatureType, value: Any) -> Any:
    if value is None:
        return None
    match kind, value:
        case Flat(), _:
            return _flat(kind.name, value)
        case Decimal(), str() | int() if not isinstance(value, bool):
            return _number(value)
        case Embedding(), list():
            return [_flat("float", _there(item)) for item in value]
        case Array(), list():
            return [_of(kind.item, item) for item in value]
        case Map(), dict():
            return [(_flat("string", name), _of(kind.item, item)) for name, item in value.items()]
        case Struct(), dict():
            return _fields(dict(kind.fields), value)
    raise ValueError(f"{str(value)[:80]!r} is none")


def _flat(kind: str, value: Any) -> Any:
    match kind, value:
        case "boolean", bool():
            return value
        case _, bool():
            pass
        case (("int" | "bigint"), float()) if value.is_integer():
            return int(value)
        case (("int" | "bigint" | "float" | "double"), int()) | (("float" | "double"), float()):
            return value
        case "string", str():
            value.encode()
            return value
        case "binary", str():
            return base64.b64decode(value, validate=True)
        case "date", str():
            return date.fromisoformat(value)
        case "timestamp", str():
            return datetime.fromisoformat(value)
    raise ValueError(f"{str(value)[:80]!r} is none")


def _number(value: str | int) -> decimal.Decimal:
    try:
        number = decimal.Decimal(value)
    except decimal.InvalidOperation:
        raise ValueError(f"{str(value)[:80]!r} is none") from None
    if not number.is_finite():
        raise ValueError("it is not finite")
    return number


def _there(item: Any) -> Any:
    if item is None:
        raise ValueError("an embedding holds no null")
    return item


def _fields(kinds: Mapping[str, FeatureType], value: Mapping[str, Any]) -> dict[str, Any]:
    strange = sorted(set(value) - set(kinds))
    if strange:
        raise ValueError(f"it has no field {strange[0][:80]!r}")
    return {name: _of(kinds[name], item) for name, item in value.items()}
