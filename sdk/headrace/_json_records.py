"""Records as JSON and back, by their Avro schema: times as ISO 8601, decimals as text, bytes as base64."""

import base64
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

_SCALARS: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "int": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "string": (str,),
    "enum": (str,),
    "bytes": (str,),
    "fixed": (str,),
    "array": (list,),
    "map": (dict,),
}
_NOT_FINITE = {"NaN", "Infinity", "-Infinity"}


def to_json(value: Any) -> Any:
    """The value as JSON has it."""
    match value:
        case float() if not math.isfinite(value):
            return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case bytes():
            return base64.b64encode(value).decode()
        case Mapping():
            return {name: to_json(inner) for name, inner in value.items()}
        case list() | tuple():
            return [to_json(inner) for inner in value]
        case _:
            return value


def from_json(schema: Any, value: Any) -> Any:
    """What JSON says, as the parsed schema wants it; raises ValueError. What has no place in it is left as it is."""
    return _read(schema, value, _named(schema, {}))


def _named(schema: Any, found: dict[str, Any]) -> dict[str, Any]:
    """The named types within a schema, by their names."""
    if isinstance(schema, list):
        for branch in schema:
            _named(branch, found)
    elif isinstance(schema, Mapping):
        if "name" in schema and schema.get("type") in {"record", "error", "enum", "fixed"}:
            found[schema["name"]] = schema
        for field in schema.get("fields", ()):
            _named(field["type"], found)
        for inner in ("type", "items", "values"):
            if isinstance(schema.get(inner), list | dict):
                _named(schema[inner], found)
    return found


def _read(schema: Any, value: Any, named: Mapping[str, Any]) -> Any:
    if isinstance(schema, str) and schema in named:
        schema = named[schema]
    if isinstance(schema, list):
        return _of_union(schema, value, named)
    if not isinstance(schema, Mapping):
        return _scalar(schema, "", value)
    kind = schema["type"]
    if isinstance(kind, list | dict):
        return _read(kind, value, named)
    match kind, value:
        case "record" | "error", dict():
            types = {field["name"]: field["type"] for field in schema["fields"]}
            return {name: _read(types[name], one, named) if name in types else one for name, one in value.items()}
        case "array", list():
            return [_read(schema["items"], one, named) for one in value]
        case "map", dict():
            return {name: _read(schema["values"], one, named) for name, one in value.items()}
    return _scalar(kind, schema.get("logicalType", ""), value)


def _of_union(branches: list[Any], value: Any, named: Mapping[str, Any]) -> Any:
    for branch in branches:
        if _takes(branch, value, named):
            return _read(branch, value, named)
    raise ValueError(f"{value!r:.80} is of none of the types it may have")


def _takes(branch: Any, value: Any, named: Mapping[str, Any]) -> bool:
    if isinstance(branch, str) and branch in named:
        branch = named[branch]
    kind = branch["type"] if isinstance(branch, Mapping) else branch
    if kind == "null" or value is None:
        return kind == "null" and value is None
    logical = branch.get("logicalType", "") if isinstance(branch, Mapping) else ""
    if kind in {"record", "error"}:
        fields = {field["name"]: "default" in field for field in branch["fields"]}
        needed = {name for name, optional in fields.items() if not optional}
        return isinstance(value, dict) and needed <= value.keys() <= fields.keys()
    if kind == "enum" and value not in branch["symbols"]:
        return False
    if _is_written(logical, value):
        try:
            _LOGICAL[logical](value)
        except ValueError:
            return False
        return True
    if kind in {"float", "double"} and isinstance(value, str):
        return value in _NOT_FINITE
    fitting = isinstance(value, _SCALARS.get(kind, ()))
    return fitting and (kind == "boolean" or not isinstance(value, bool))


def _is_written(logical: str, value: Any) -> bool:
    """Whether the value stands for one of the logical type; whole numbers may be what Avro itself has for it."""
    if logical == "decimal":
        return isinstance(value, str | int | float) and not isinstance(value, bool)
    return logical in _LOGICAL and isinstance(value, str)


def _scalar(kind: str, logical: str, value: Any) -> Any:
    if _is_written(logical, value):
        return _LOGICAL[logical](value)
    if kind in {"bytes", "fixed"} and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    if kind in {"float", "double"} and isinstance(value, str) and value in _NOT_FINITE:
        return float(value)
    return value


def _moment(text: Any) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _local(text: Any) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _decimal(number: Any) -> Decimal:
    try:
        return Decimal(str(number))
    except InvalidOperation:
        raise ValueError(f"{number!r:.80} is not a decimal number") from None


_LOGICAL: Mapping[str, Callable[[Any], Any]] = {
    "timestamp-millis": _moment,
    "timestamp-micros": _moment,
    "local-timestamp-millis": _local,
    "local-timestamp-micros": _local,
    "date": date.fromisoformat,
    "time-millis": time.fromisoformat,
    "time-micros": time.fromisoformat,
    "decimal": _decimal,
}
