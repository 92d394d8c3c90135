"""When two schemas are the same: names resolved, attributes in any order, documentation aside.

Source: Avro 1.12, "Parsing Canonical Form"; unlike there, defaults and logical types count.
"""

import json
from typing import Any

_COMPLEX = {"record", "error", "enum", "fixed", "array", "map"}


class Unreadable(ValueError):
    """The text is not an Avro schema."""


def canonical(text: str) -> str:
    """A text that is equal for equal schemas; raises Unreadable."""
    try:
        return json.dumps(_schema(json.loads(text), ""), separators=(",", ":"), sort_keys=True)
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise Unreadable(f"this is not an Avro schema: {error!r}") from error


def _schema(schema: Any, namespace: str) -> Any:
    if isinstance(schema, str):
        return _named(schema, namespace)
    if isinstance(schema, list):
        return [_schema(branch, namespace) for branch in schema]
    kind = schema["type"]
    if isinstance(kind, dict | list):
        return _schema(kind, namespace)
    if kind not in _COMPLEX:
        plain = _named(kind, namespace)
        logical = {name: schema[name] for name in ("logicalType", "precision", "scale") if name in schema}
        return {"type": plain, **logical} if logical else plain
    if kind == "array":
        return {"type": kind, "items": _schema(schema["items"], namespace)}
    if kind == "map":
        return {"type": kind, "values": _schema(schema["values"], namespace)}
    return _definition(schema, kind, namespace)


def _definition(schema: dict[str, Any], kind: str, namespace: str) -> dict[str, Any]:
    name = schema["name"]
    space = name.rpartition(".")[0] if "." in name else schema.get("namespace", namespace)
    made: dict[str, Any] = {"type": kind, "name": f"{space}.{name}" if space and "." not in name else name}
    if kind in {"record", "error"}:
        made["fields"] = [_field(field, space) for field in schema["fields"]]
    elif kind == "enum":
        made["symbols"] = list(schema["symbols"])
        made |= {"default": schema["default"]} if "default" in schema else {}
    else:
        made["size"] = int(schema["size"])
        made |= {name: schema[name] for name in ("logicalType", "precision", "scale") if name in schema}
    return made


def _field(field: dict[str, Any], namespace: str) -> dict[str, Any]:
    default = {"default": field["default"]} if "default" in field else {}
    return {"name": field["name"], "type": _schema(field["type"], namespace), **default}


_PRIMITIVE = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}


def _named(name: str, namespace: str) -> str:
    if name in _PRIMITIVE or "." in name or not namespace:
        return name
    return f"{namespace}.{name}"
