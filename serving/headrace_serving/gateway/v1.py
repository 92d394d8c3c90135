"""The predict protocol of TensorFlow Serving and KServe V1: `{"instances": [...]}` or `{"inputs": ...}`.

An instance is an object of values by name, or the list of all inputs; `inputs` is an object of columns, or such a
list. Ours besides: `id`, and `parameters` with `event_time` (one, or one a row) and `allow_missing`; the answer carries
`ids`, and `errors` (null where there is none) if a row could not be predicted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from headrace_serving.errors import BadRequest
from headrace_serving.gateway.asked import Answer, Asked, Row, asked

_SCALARS = (int, float, str, bool, type(None))


def read(body: Any, received: int) -> tuple[Asked, str]:
    """The request, and under which name its predictions are answered; raises BadRequest."""
    if not isinstance(body, dict) or ("instances" in body) == ("inputs" in body):
        raise BadRequest('the body is an object with either "instances" (rows) or "inputs" (columns)')
    parameters = body.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise BadRequest("parameters is an object")
    if "instances" in body:
        return asked(body.get("id"), _rows(body["instances"]), parameters, received), "predictions"
    inputs = body["inputs"]
    rows = _rows(_transposed(inputs)) if isinstance(inputs, dict) else _rows(inputs)
    return asked(body.get("id"), rows, parameters, received), "outputs"


def _rows(given: Any) -> list[Row]:
    if not isinstance(given, list):
        raise BadRequest("instances is a list, one entry a row")
    rows: list[Row] = []
    for number, entry in enumerate(given):
        values = entry.values() if isinstance(entry, dict) else entry
        if not isinstance(entry, dict | list) or not all(isinstance(value, _SCALARS) for value in values):
            raise BadRequest(f"instance {number} is neither an object of values by name nor a list of values")
        rows.append(entry)
    return rows


def _transposed(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    lengths = {len(values) if isinstance(values, list) else -1 for values in columns.values()}
    if len(lengths) != 1 or -1 in lengths:
        raise BadRequest("inputs is an object of columns, lists of one length")
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def answer(name: str, request: Asked, answers: Sequence[Answer], model: str, version: int) -> dict[str, Any]:
    """The body of the answer."""
    body: dict[str, Any] = {
        name: [given.prediction for given in answers],
        "ids": [request.inference_id(index) for index in range(len(answers))],
        "model_name": model,
        "model_version": str(version),
    }
    if any(given.error for given in answers):
        body["errors"] = [given.error for given in answers]
    return body
