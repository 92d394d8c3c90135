"""The Open Inference Protocol, version 2, with JSON tensors.

Source: kserve/open-inference-protocol, specification/protocol/inference_rest.md.

A request gives one tensor a column (shape [n] or [n, 1], named as the input or key it holds), or a single tensor of
shape [n, k] with all k inputs in order. A tensor `event_time` (INT64, microseconds UTC), or `parameters.event_time`,
says what time the rows are about. The answer has the tensors `prediction` (FP64), `inference_id` (BYTES) and, where a
row could not be predicted, `error` (BYTES, empty where there is none); its prediction is then null.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from headrace_serving.errors import BadRequest
from headrace_serving.gateway.asked import Answer, Asked, Row, asked
from headrace_serving.gateway.directory import Serving

_INTEGERS = {f"{sign}INT{bits}": (bits, not sign) for sign in ("", "U") for bits in (8, 16, 32, 64)}
_DEEPEST = 8
_OUTPUTS = {"prediction": "FP64", "inference_id": "BYTES", "error": "BYTES"}
_DATATYPES = {
    "boolean": "BOOL",
    "int": "INT32",
    "bigint": "INT64",
    "float": "FP32",
    "double": "FP64",
    "string": "BYTES",
    "binary": "BYTES",
    "date": "BYTES",
    "timestamp": "INT64",
}


def read(body: Any, serving: Serving, received: int) -> tuple[Asked, list[str]]:
    """The request, and the names of the tensors to answer with; raises BadRequest."""
    if not isinstance(body, dict) or not isinstance(body.get("inputs"), list) or not body["inputs"]:
        raise BadRequest('the body is an object with "inputs", a list of tensors')
    parameters = body.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise BadRequest("parameters is an object")
    tensors = {name: (shape, values) for name, shape, values in map(_tensor, body["inputs"])}
    if len(tensors) != len(body["inputs"]):
        raise BadRequest("two tensors have one name")
    times = None
    if "event_time" in tensors and "event_time" not in _names(serving):
        times = tensors.pop("event_time")[1]
    rows = _rows(tensors, serving)
    return asked(body.get("id"), rows, parameters, received, times), _outputs(body)


def _names(serving: Serving) -> set[str]:
    return {*serving.model.inputs, *(serving.view.keys if serving.view else ())}


def _outputs(body: dict[str, Any]) -> list[str]:
    wanted = body.get("outputs")
    if not wanted:
        return list(_OUTPUTS)
    if not isinstance(wanted, list):
        raise BadRequest("outputs is a list of objects with a name")
    names = [str(output.get("name")) if isinstance(output, dict) else str(output) for output in wanted]
    if unknown := [name for name in names if name not in _OUTPUTS]:
        raise BadRequest(f"there is no output {unknown[0][:80]!r}: there are {', '.join(_OUTPUTS)}")
    return names


def _tensor(given: Any) -> tuple[str, list[int], list[Any]]:
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        raise BadRequest("every tensor is an object with a name")
    name, shape, datatype = given["name"], given.get("shape"), given.get("datatype")
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape) or not shape:
        raise BadRequest(f"the shape of tensor {name!r} is a list of sizes")
    if "data" not in given:
        raise BadRequest(f"tensor {name!r} has no data; binary tensors are not taken, send JSON")
    values = list(_flat(given["data"]))
    size = 1
    for dimension in shape:
        size *= dimension
    if len(values) != size:
        raise BadRequest(f"tensor {name!r} of shape {shape} has {len(values)} values")
    for value in values:
        if not _fits(value, datatype):
            raise BadRequest(f"tensor {name!r} holds {str(value)[:40]!r}, which is not {datatype}")
    return name, shape, values


def _flat(data: Any, depth: int = 0) -> Iterator[Any]:
    if depth > _DEEPEST:
        raise BadRequest("the data of a tensor is nested too deeply")
    if isinstance(data, list):
        for entry in data:
            yield from _flat(entry, depth + 1)
    else:
        yield data


def _fits(value: Any, datatype: Any) -> bool:
    match datatype:
        case "BOOL":
            return isinstance(value, bool) or value is None
        case "BYTES":
            return isinstance(value, str) or value is None
        case "FP32" | "FP64":
            return (isinstance(value, int | float) and not isinstance(value, bool)) or value is None
        case str() if datatype in _INTEGERS:
            bits, signed = _INTEGERS[datatype]
            low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
            return type(value) is int and low <= value < high
    raise BadRequest(f"datatype {datatype!r} is not taken as JSON: use BOOL, INT*, UINT*, FP32, FP64 or BYTES")


def _rows(tensors: dict[str, tuple[list[int], list[Any]]], serving: Serving) -> list[Row]:
    inputs = serving.model.inputs
    if len(tensors) == 1:
        ((name, (shape, values)),) = tensors.items()
        if name not in _names(serving) and len(shape) == 2 and shape[1] == len(inputs):
            return [values[start : start + shape[1]] for start in range(0, len(values), shape[1])]
    if not tensors:
        raise BadRequest("the request has no rows")
    columns = {}
    for name, (shape, values) in tensors.items():
        if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
            raise BadRequest(
                f"tensor {name!r} is a column of shape [n] or [n, 1], or the only one, of [n, {len(inputs)}]"
            )
        columns[name] = values
    if len({len(values) for values in columns.values()}) != 1:
        raise BadRequest("the tensors have different numbers of rows")
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def answer(request: Asked, answers: Sequence[Answer], serving: Serving, outputs: Sequence[str]) -> dict[str, Any]:
    """The body of the answer."""
    data: dict[str, list[Any]] = {
        "prediction": [given.prediction for given in answers],
        "inference_id": [request.inference_id(index) for index in range(len(answers))],
        "error": [given.error or "" for given in answers],
    }
    failed = any(given.error for given in answers)
    return {
        "model_name": serving.deployed.place.name,
        "model_version": str(serving.deployed.version),
        "id": request.id,
        "outputs": [
            {"name": name, "datatype": _OUTPUTS[name], "shape": [len(answers)], "data": data[name]}
            for name in outputs
            if name != "error" or failed
        ],
    }


def metadata(serving: Serving) -> dict[str, Any]:
    """What a model takes and gives. Without a feature view the types are not known, and said to be FP64."""
    types = serving.types
    return {
        "name": serving.deployed.place.name,
        "versions": [str(serving.deployed.version)],
        "platform": f"headrace_{serving.model.framework}",
        "inputs": [
            {"name": name, "datatype": _DATATYPES.get(types.get(name, "double"), "BYTES"), "shape": [-1]}
            for name in serving.model.inputs
        ],
        "outputs": [{"name": name, "datatype": datatype, "shape": [-1]} for name, datatype in _OUTPUTS.items()],
    }
