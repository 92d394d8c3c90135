"""Features that are appended to a feature group that has rows."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from headrace._columns import Feature, features_of
from headrace._values import plain


def appended(features: Any) -> dict[str, Any]:
    """The body that asks for them: a Feature, several, {name: type}, or a frame to read them off; raises Invalid."""
    given = [features] if isinstance(features, Feature) else features_of(features)
    return {
        "features": [
            {
                "name": one.name,
                "type": one.type,
                "description": one.description,
                "default": _in_json(plain(one.default_value)),
            }
            for one in given
        ]
    }


def defaults_of(types: Mapping[str, str], fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Column → what the log holds for its default, of the fields of an Avro schema whose default is not null."""
    return {
        field["name"]: field["default"].encode("latin-1") if types[field["name"]] == "binary" else field["default"]
        for field in fields
        if field.get("default") is not None
    }


def _in_json(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, date | datetime) else value
