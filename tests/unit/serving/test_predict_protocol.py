"""`:predict`: what is taken, what is answered, what is logged, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.serving.gateway import served

from headrace_serving.model.predictor import Value

ROW = {"distance": 100.0, "carrier": "AA", "wind_speed": 7.0}


def test_instances_by_name_and_in_order_are_predicted() -> None:
    answer = served().predict({"instances": [ROW, [50, "UA", 3.5]]})
    assert answer.status_code == 200
    assert answer.json()["predictions"] == [200.0, 100.0]
    assert len(answer.json()["ids"]) == 2
    assert "errors" not in answer.json()


def test_columns_are_predicted() -> None:
    columns = {"distance": [1, 2], "carrier": ["AA", "UA"], "wind_speed": [1.0, 2.0]}
    answer = served().predict({"inputs": columns})
    assert answer.json()["outputs"] == [2.0, 4.0]


def test_every_row_is_logged_with_its_features_before_the_answer() -> None:
    gateway = served()
    before = datetime.now(UTC)
    answer = gateway.predict({"id": "r1", "instances": [ROW], "parameters": {"event_time": 1_372_636_800_000_000}})
    assert answer.json()["ids"] == ["r1/0"]
    (record,) = gateway.records()
    assert record["inference_id"] == "r1/0"
    assert (record["deployment"], record["model"], record["model_version"]) == ("delay", "delay_model", 3)
    assert record["event_time"] == datetime(2013, 7, 1, tzinfo=UTC)
    assert before <= record["received"] <= datetime.now(UTC)
    assert record["actor"] == "user:ada"
    assert record["numbers"] == {"distance": 100.0, "wind_speed": 7.0}
    assert record["texts"] == {"carrier": "AA"}
    assert record["prediction"] == 200.0
    assert record["error"] is None
    assert record["latency_ms"] > 0


def test_without_an_event_time_it_is_the_receipt() -> None:
    gateway = served()
    gateway.predict({"instances": [ROW]})
    (record,) = gateway.records()
    assert record["event_time"] == record["received"]


def test_event_times_may_differ_from_row_to_row() -> None:
    gateway = served()
    times = [1_000_000, "1970-01-01T00:00:02+00:00"]
    gateway.predict({"instances": [ROW, ROW], "parameters": {"event_time": times}})
    assert [record["event_time"].timestamp() for record in gateway.records()] == [1.0, 2.0]


def test_features_are_found_by_the_key_of_the_root() -> None:
    gateway = served()
    stored: dict[str, Value] = {"distance": 30.0, "carrier": "B6", "wind_speed": 5.0}
    gateway.features.put("flights", "delays", {"flight_id": 7}, stored)
    answer = gateway.predict({"instances": [{"flight_id": 7}]})
    assert answer.json()["predictions"] == [60.0]
    (record,) = gateway.records()
    assert record["entity"] == {"flight_id": "7"}
    assert record["numbers"] == {"distance": 30.0, "wind_speed": 5.0}


def test_features_are_found_by_the_column_of_a_join() -> None:
    gateway = served()
    gateway.features.put("flights", "delays", {"origin": "JFK"}, {"wind_speed": 9.0})
    answer = gateway.predict({"instances": [{"origin": "JFK", "distance": 5, "carrier": "AA"}]})
    assert answer.json()["predictions"] == [10.0]
    assert gateway.records()[0]["numbers"]["wind_speed"] == 9.0


def test_a_passed_feature_goes_before_the_stored_one() -> None:
    gateway = served()
    gateway.features.put("flights", "delays", {"flight_id": 7}, {"distance": 30.0, "carrier": "B6", "wind_speed": 5.0})
    answer = gateway.predict({"instances": [{"flight_id": 7, "distance": 1.0}]})
    assert answer.json()["predictions"] == [2.0]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"flight_id": 8}, "entity-not-found: the online store has nothing for flight_id=8"),
        ({"distance": 1.0, "carrier": "AA"}, "missing-feature: wind_speed: give them, or the key flight_id"),
        ({**ROW, "wind_speed": None}, "missing-feature: wind_speed are null"),
        ({**ROW, "colour": "red"}, "unknown-feature: 'colour' is neither an input"),
        ({**ROW, "late": True}, "unknown-feature: 'late' is neither an input"),
        ({**ROW, "distance": "far"}, "wrong-type: 'distance' is double, not str"),
        ({**ROW, "distance": True}, "wrong-type: 'distance' is double, not bool"),
        ({**ROW, "carrier": 4}, "wrong-type: 'carrier' is string, not int"),
        ([1, 2], "wrong-length: 2 values for the inputs distance, carrier, wind_speed"),
    ],
)
def test_a_row_that_cannot_be_predicted_says_why_and_is_logged(row: Any, error: str) -> None:
    gateway = served()
    answer = gateway.predict({"id": "r", "instances": [ROW, row, ROW]})
    assert answer.status_code == 200
    assert answer.json()["predictions"] == [200.0, None, 200.0]
    first, said, last = answer.json()["errors"]
    assert (first, last) == (None, None)
    assert said.startswith(error)
    assert [record["error"] for record in gateway.records()] == [None, said, None]
    assert [record["prediction"] for record in gateway.records()] == [200.0, None, 200.0]


def test_null_features_go_to_the_model_where_the_request_allows_it() -> None:
    gateway = served()
    answer = gateway.predict({"instances": [{**ROW, "wind_speed": None}], "parameters": {"allow_missing": True}})
    assert answer.json()["predictions"] == [200.0]
    assert gateway.records()[0]["numbers"]["wind_speed"] is None


def test_what_a_join_does_not_find_is_null_where_the_request_allows_it() -> None:
    gateway = served()
    gateway.features.put("flights", "delays", {"flight_id": 7}, {"distance": 30.0, "carrier": "B6"})
    body: dict[str, Any] = {"instances": [{"flight_id": 7}]}
    assert gateway.predict(body).json()["errors"][0].startswith("missing-feature: the online store has no wind_speed")
    assert gateway.predict({**body, "parameters": {"allow_missing": True}}).json()["predictions"] == [60.0]


def test_a_model_that_raises_is_an_error_and_every_row_of_it_is_logged() -> None:
    gateway = served()
    answer = gateway.predict({"instances": [ROW, {**ROW, "distance": 13}]})
    assert answer.status_code == 500
    assert answer.json()["code"] == "model-failed"
    assert "RuntimeError: unlucky" in answer.json()["error"]
    assert [record["prediction"] for record in gateway.records()] == [None, None]


def test_what_could_not_be_logged_is_not_answered() -> None:
    gateway = served()
    gateway.log.broken = True
    answer = gateway.predict({"instances": [ROW]})
    assert answer.status_code == 503
    assert answer.json()["code"] == "prediction-not-logged"
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, 'either "instances" (rows) or "inputs"'),
        ([], 'either "instances" (rows) or "inputs"'),
        ({"instances": [], "inputs": []}, 'either "instances" (rows) or "inputs"'),
        ({"instances": []}, "no rows"),
        ({"instances": {"a": 1}}, "instances is a list"),
        ({"instances": ["x"]}, "instance 0 is neither"),
        ({"instances": [{"a": [1]}]}, "instance 0 is neither"),
        ({"inputs": {"a": [1], "b": [1, 2]}}, "lists of one length"),
        ({"instances": [ROW], "id": "a/b"}, "an id has 1 to 100"),
        ({"instances": [ROW], "id": 5}, "an id has 1 to 100"),
        ({"instances": [ROW], "parameters": [1]}, "parameters is an object"),
        ({"instances": [ROW], "parameters": {"event_time": "yesterday"}}, "no event time"),
        ({"instances": [ROW], "parameters": {"event_time": "2013-07-01T00:00:00"}}, "with offset"),
        ({"instances": [ROW], "parameters": {"event_time": [1, 2]}}, "2 entries for 1 rows"),
        ({"instances": [ROW], "parameters": {"allow_missing": "yes"}}, "allow_missing is true or false"),
    ],
)
def test_a_body_that_can_never_be_answered_is_refused(body: Any, reason: str) -> None:
    gateway = served()
    answer = gateway.predict(body)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
    assert gateway.records() == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"instances": [[NaN]]}', b'{"instances": [[1e999]]}', b"\xff"])
def test_what_is_not_json_is_refused(content: bytes) -> None:
    answer = served().send("POST", "/projects/flights/v1/models/delay:predict", content=content)
    assert answer.status_code == 400 or "non-finite" in answer.json()["errors"][0]


def test_too_many_rows_and_too_many_bytes_are_refused() -> None:
    gateway = served()
    rows = gateway.predict({"instances": [ROW] * 1025})
    large = gateway.send("POST", "/projects/flights/v1/models/delay:predict", content=b" " * 10_000_000)
    assert (rows.status_code, large.status_code) == (413, 413)
    assert "64 are best" in rows.json()["error"]
    assert large.json()["code"] == "request-too-large"


def test_a_deployment_that_is_not_ready_says_so() -> None:
    gateway = served(ready=False)
    answer = gateway.predict({"instances": [ROW]})
    assert answer.status_code == 503
    assert answer.json()["code"] == "not-ready"


@pytest.mark.parametrize("path", ["other:predict", "delay/versions/2:predict"])
def test_what_is_not_served_is_not_found(path: str) -> None:
    answer = served().send("POST", f"/projects/flights/v1/models/{path}", {"instances": [ROW]})
    assert answer.status_code == 404


def test_the_served_version_may_be_named() -> None:
    answer = served().send("POST", "/projects/flights/v1/models/delay/versions/3:predict", {"instances": [ROW]})
    assert answer.json()["predictions"] == [200.0]
    assert answer.json()["model_version"] == "3"
