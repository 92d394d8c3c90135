"""The Open Inference Protocol: the shapes that its specification gives."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.serving.gateway import served


def tensor(name: str, datatype: str, data: list[Any], shape: list[int] | None = None) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape or [len(data)], "data": data}


ROWS = [
    tensor("distance", "FP64", [10.0, 20.0]),
    tensor("carrier", "BYTES", ["AA", "UA"]),
    tensor("wind_speed", "FP32", [1.0, 2.0]),
]


def test_server_and_health_answer() -> None:
    gateway = served()
    server = gateway.send("GET", "/projects/flights/v2").json()
    assert set(server) == {"name", "version", "extensions"}
    assert gateway.send("GET", "/projects/flights/v2/health/live").json()["live"] is True
    assert gateway.send("GET", "/projects/flights/v2/health/ready").status_code == 200
    gateway.healthy = False
    assert gateway.send("GET", "/projects/flights/v2/health/ready").status_code == 503
    assert gateway.send("GET", "/healthz", key=None).status_code == 503


@pytest.mark.parametrize("path", ["/projects/flights/v2/models/delay", "/projects/flights/v2/models/delay/versions/3"])
def test_metadata_names_inputs_and_outputs_with_their_types(path: str) -> None:
    metadata = served().send("GET", path).json()
    assert metadata["name"] == "delay"
    assert metadata["versions"] == ["3"]
    assert metadata["platform"] == "headrace_sklearn"
    assert metadata["inputs"] == [
        {"name": "distance", "datatype": "FP64", "shape": [-1]},
        {"name": "carrier", "datatype": "BYTES", "shape": [-1]},
        {"name": "wind_speed", "datatype": "FP64", "shape": [-1]},
    ]
    assert [output["name"] for output in metadata["outputs"]] == ["prediction", "inference_id", "error"]


def test_a_model_says_whether_it_is_ready() -> None:
    assert served().send("GET", "/projects/flights/v2/models/delay/ready").status_code == 200
    assert served(ready=False).send("GET", "/projects/flights/v2/models/delay/ready").status_code == 503
    assert served().send("GET", "/projects/flights/v2/models/other/ready").status_code == 404
    assert served().send("GET", "/projects/flights/v1/models/delay").json() == {"name": "delay", "ready": True}


def test_columns_are_inferred() -> None:
    gateway = served()
    answer = gateway.infer({"id": "r1", "inputs": ROWS}).json()
    assert answer["model_name"] == "delay"
    assert answer["model_version"] == "3"
    assert answer["id"] == "r1"
    prediction, ids = answer["outputs"]
    assert prediction == {"name": "prediction", "datatype": "FP64", "shape": [2], "data": [20.0, 40.0]}
    assert ids == {"name": "inference_id", "datatype": "BYTES", "shape": [2], "data": ["r1/0", "r1/1"]}
    assert [record["inference_id"] for record in gateway.records()] == ["r1/0", "r1/1"]


def test_columns_of_shape_n_1_and_nested_data_are_inferred() -> None:
    inputs = [
        tensor("distance", "INT32", [[10], [20]], [2, 1]),
        tensor("carrier", "BYTES", [["AA"], ["UA"]], [2, 1]),
        tensor("wind_speed", "FP64", [1, 2], [2, 1]),
    ]
    assert served().infer({"inputs": inputs}).json()["outputs"][0]["data"] == [20.0, 40.0]


def test_one_tensor_of_all_inputs_is_inferred() -> None:
    rows = tensor("input-0", "BYTES", ["a", "b", "c"], [1, 3])
    answer = served().infer({"inputs": [rows]})
    assert answer.json()["outputs"][2]["data"][0].startswith("wrong-type: 'distance' is double")


def test_features_by_key_and_event_times_as_tensors() -> None:
    gateway = served()
    gateway.features.put("flights", "delays", {"flight_id": 7}, {"distance": 3.0, "carrier": "B6", "wind_speed": 5.0})
    inputs = [tensor("flight_id", "INT64", [7, 8]), tensor("event_time", "INT64", [5, 6])]
    outputs = {output["name"]: output["data"] for output in gateway.infer({"inputs": inputs}).json()["outputs"]}
    assert outputs["prediction"] == [6.0, None]
    assert outputs["error"][0] == ""
    assert outputs["error"][1].startswith("entity-not-found")
    assert [round(record["event_time"].timestamp() * 1e6) for record in gateway.records()] == [5, 6]


def test_only_the_outputs_asked_for_are_given() -> None:
    answer = served().infer({"inputs": ROWS, "outputs": [{"name": "prediction"}]}).json()
    assert [output["name"] for output in answer["outputs"]] == ["prediction"]


def test_an_id_is_made_where_none_is_given() -> None:
    answer = served().infer({"inputs": ROWS}).json()
    assert len(answer["id"]) == 32


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "a list of tensors"),
        ({"inputs": []}, "a list of tensors"),
        ({"inputs": [1]}, "an object with a name"),
        ({"inputs": [{"name": "distance", "datatype": "FP64", "data": [1]}]}, "shape of tensor 'distance'"),
        ({"inputs": [{"name": "distance", "datatype": "FP64", "shape": [1]}]}, "binary tensors are not taken"),
        ({"inputs": [tensor("distance", "FP64", [1.0], [2])]}, "of shape [2] has 1 values"),
        ({"inputs": [tensor("distance", "FP16", [1.0])]}, "'FP16' is not taken"),
        ({"inputs": [tensor("distance", "INT8", [200])]}, "200', which is not INT8"),
        ({"inputs": [tensor("distance", "UINT8", [-1])]}, "which is not UINT8"),
        ({"inputs": [tensor("distance", "INT64", [1.5])]}, "which is not INT64"),
        ({"inputs": [tensor("distance", "BOOL", [1])]}, "which is not BOOL"),
        ({"inputs": [tensor("distance", "FP64", [1.0]), tensor("carrier", "BYTES", ["a", "b"])]}, "different numbers"),
        ({"inputs": [tensor("distance", "FP64", [1.0]), tensor("distance", "FP64", [1.0])]}, "one name"),
        ({"inputs": [tensor("distance", "FP64", [1.0] * 4, [2, 2])]}, "column of shape [n] or [n, 1]"),
        ({"inputs": ROWS, "outputs": [{"name": "score"}]}, "no output 'score'"),
        ({"inputs": ROWS, "outputs": 5}, "outputs is a list"),
        ({"inputs": ROWS, "parameters": 5}, "parameters is an object"),
    ],
)
def test_an_error_is_an_object_with_an_error(body: Any, reason: str) -> None:
    answer = served().infer(body)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]


def test_the_binary_extension_is_refused_with_a_reason() -> None:
    headers = {"Inference-Header-Content-Length": "10"}
    answer = served().send("POST", "/projects/flights/v2/models/delay/infer", content=b"{}", headers=headers)
    assert answer.status_code == 400
    assert "binary tensor extension is not supported" in answer.json()["error"]


def test_data_is_not_nested_without_end() -> None:
    deep: Any = 1.0
    for _ in range(50):
        deep = [deep]
    answer = served().infer({"inputs": [tensor("distance", "FP64", deep, [1])]})
    assert "nested too deeply" in answer.json()["error"]
