"""Stored values as JSON: times in ISO 8601 with Z, binaries in base64, decimals as text."""

import base64
from decimal import Decimal
from typing import Any

import orjson


def as_json(answer: Any) -> bytes:
    """What holds nothing but what feature types hold."""
    return orjson.dumps(answer, default=_plain, option=orjson.OPT_UTC_Z)


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")
