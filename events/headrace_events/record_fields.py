"""Which fields of a topic's records features can be computed of: those of a flat type, or of one and null."""

import json
from collections.abc import Mapping
from typing import Any

from headrace_events.errors import Invalid
from headrace_events.feature_type import Flat, of_avro

_TIMES = ("timestamp-micros", "timestamp-millis")
_READ = ("date", *_TIMES)
"""Logical types that are features' too; what is of another is no number or text when it is read."""


def flat_fields(text: str) -> Mapping[str, str]:
    """The feature type of each such field of a record schema (Avro, JSON text); nothing of any other schema."""
    schema: Any = json.loads(text)
    if not isinstance(schema, dict) or schema.get("type") != "record":
        return {}
    found = {field["name"]: _flat(field["type"]) for field in schema["fields"]}
    return {name: kind for name, kind in found.items() if kind is not None}


def _flat(avro: Any) -> str | None:
    if isinstance(avro, list):
        others = [one for one in avro if one != "null"]
        return _flat(others[0]) if len(others) == 1 else None
    logical = avro.get("logicalType") if isinstance(avro, dict) else None
    if logical is not None and logical not in _READ:
        return None
    if logical in _TIMES:
        return "timestamp" if avro.get("type") == "long" else None
    try:
        kind = of_avro(avro)
    except (Invalid, ValueError, KeyError, TypeError):
        return None
    return kind.name if isinstance(kind, Flat) else None
