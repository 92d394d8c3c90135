"""Answers with stored values as JSON."""

from typing import Any

from fastapi import Response

from headrace_projections.online.as_json import as_json


def json_response(answer: Any) -> Response:
    """The answer, which holds nothing but what feature types hold."""
    return Response(as_json(answer), media_type="application/json")
