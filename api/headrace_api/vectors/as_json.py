"""Stored values as JSON: times in ISO 8601 with Z, binaries in base64, decimals as text."""

import base64
from decimal import Decimal
from typing import Any

import orjson
from fastapi import Response


def json_response(answer: Any) -> Response:
    """The answer, which holds nothing but what feature types hold."""
    return Response(orjson.dumps(answer, default=_plain, option=orjson.OPT_UTC_Z), media_type="application/json")


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")
