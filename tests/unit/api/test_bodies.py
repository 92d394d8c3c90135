"""Malformed, too large, not a number: refused with the place it is at, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.unit.api.in_memory import ADMINISTRATOR, Service

from headrace_api.feast.models import OnlineFeaturesRequest
from headrace_api.history.models import PastEntries
from headrace_api.vectors.models import Entries, Keys

KEY = {"Authorization": f"Bearer {ADMINISTRATOR}", "Content-Type": "application/json"}
GROUP: dict[str, Any] = {
    "name": "weather",
    "columns": [{"name": "airport", "type": "string"}],
    "primary_key": ["airport"],
}


@pytest.fixture
def flights(service: Service) -> Service:
    service.key("ada")
    service.project("flights", "ada")
    return service


def owner(service: Service, path: str, body: Any) -> Any:
    return service.post(f"/api/projects/flights/{path}", body, service.key("ada"))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": 3}, "body.name"),
        ({"name": None}, "body.name"),
        ({"extra": 1}, "body.extra"),
        ({"version": "1"}, "body.version"),
        ({"version": 1.5}, "body.version"),
        ({"version": True}, "body.version"),
        ({"online": "yes"}, "body.online"),
        ({"columns": {}}, "body.columns"),
        ({"columns": [{"name": "a", "type": 5}]}, "body.columns.0.type"),
        ({"columns": [{"name": "a", "type": "int", "x": 1}]}, "body.columns.0.x"),
        ({"columns": [{"type": "int"}]}, "body.columns.0.name"),
        ({"primary_key": "airport"}, "body.primary_key"),
        ({"name": "a\ud800"}, "body.name"),
        ({"name": "x" * 201}, "body.name"),
        ({"description": "x" * 10_001}, "body.description"),
    ],
)
def test_a_wrong_field_is_named(flights: Service, change: dict[str, Any], where: str) -> None:
    answer = owner(flights, "feature-groups", {**GROUP, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert where in answer.json()["details"]


def test_a_column_of_an_unknown_type_is_named(flights: Service) -> None:
    answer = owner(flights, "feature-groups", {**GROUP, "columns": [{"name": "a", "type": "decimal"}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-type")
    assert answer.json()["details"]["column"] == "a"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '"x"', "{'a': 1}", '{"user": "a"', "[" * 5_000])
def test_what_is_no_json_object_is_refused(service: Service, text: str) -> None:
    answer = service.post("/api/users", text)
    assert answer.status_code in {400, 422}
    assert set(answer.json()) == {"code", "message", "details", "request_id"}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_only_finite_numbers_enter(service: Service, number: str) -> None:
    body = f'{{"rule": "r", "metric": "psi", "open_at": {number}, "resolve_at": 0}}'
    answer = service.post("/api/projects/flights/monitors/d/rules", body)
    assert (answer.status_code, list(answer.json()["details"])) == (422, ["body.open_at"])


def test_a_metric_of_a_model_is_finite(service: Service) -> None:
    body = '{"name": "m", "framework": "f", "artifact": "a", "metrics": {"auc": NaN}}'
    answer = service.post("/api/projects/flights/models", body)
    assert (answer.status_code, list(answer.json()["details"])) == (422, ["body.metrics.auc"])


def test_a_number_beyond_64_bits_is_refused(flights: Service) -> None:
    answer = owner(flights, "topics", {"name": "t", "partitions": 2**70})
    assert (answer.status_code, answer.json()["code"]) == (422, "does-not-fit")


@pytest.mark.parametrize(
    "body",
    [
        {**GROUP, "description": "a\0b"},
        {**GROUP, "columns": [{"name": "a\0b", "type": "int"}]},
        {**GROUP, "primary_key": ["a\0b"]},
    ],
)
def test_a_nul_is_refused_wherever_it_is(flights: Service, body: dict[str, Any]) -> None:
    answer = owner(flights, "feature-groups", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


def test_lists_in_lists_in_lists_are_refused(flights: Service) -> None:
    for deep in ("[" * 600 + "]" * 600, '{"a":' * 600 + "1" + "}" * 600):
        body = f'{{"name": "weather", "primary_key": {deep}}}'
        answer = flights.post("/api/projects/flights/feature-groups", body, flights.key("ada"))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
        assert "nested deeper than 100 levels" in answer.json()["details"]["body"]


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, [2**70], {"a": 2**70}, "\ud800", ["\ud800"], {"\ud800": 1}])
def test_vectors_are_asked_for_with_what_an_answer_can_say_again(value: Any) -> None:
    sent = [{"flight": value}]
    for body, field in (
        (Entries, {"entries": sent}),
        (Entries, {"entries": [], "passed_features": sent}),
        (Keys, {"keys": sent}),
        (PastEntries, {"entries": sent, "times": []}),
        (OnlineFeaturesRequest, {"entities": {"flight": [value]}}),
    ):
        with pytest.raises(ValidationError):
            body.model_validate(field)
    for fine in (2**64 - 1, -(2**63), [None, "ä"], {"a": 1.5}):
        Entries.model_validate({"entries": [], "passed_features": [{"flight": fine}]})


def test_a_nul_in_a_path_or_query_is_refused(service: Service) -> None:
    assert service.http.get("/api/users/%00", headers=KEY).status_code == 422
    assert service.http.get("/api/whoami?after=%00", headers=KEY).status_code == 422


def test_a_body_of_ten_megabytes_is_refused(service: Service) -> None:
    body = b'{"user": "' + b"x" * 10_000_000 + b'"}'
    answer = service.http.post("/api/users", content=body, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert answer.json()["details"] == {"most": 1 << 20}


def test_a_body_without_a_length_is_counted(service: Service) -> None:
    def parts() -> Iterator[bytes]:
        yield b'{"user": "'
        for _ in range(200):
            yield b"x" * 10_000

    answer = service.http.post("/api/users", content=parts(), headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_a_body_at_the_limit_is_read(service: Service) -> None:
    body = b'{"user": "ada"}'
    padded = body + b" " * ((1 << 20) - len(body))
    assert service.http.post("/api/users", content=padded, headers=KEY).status_code == 201
    assert service.http.post("/api/users", content=padded + b" ", headers=KEY).status_code == 413


def test_a_body_of_no_declared_kind_is_refused(service: Service) -> None:
    headers = {"Authorization": KEY["Authorization"], "Content-Type": "text/plain"}
    assert service.http.post("/api/users", content=b'{"user": "ada"}', headers=headers).status_code == 422


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_no_bytes_break_the_server(service: Service, content: bytes) -> None:
    answer = service.http.post("/api/users", content=content, headers=KEY)
    assert answer.status_code in {400, 422}
    assert answer.json()["request_id"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=12,
    )
)
def test_no_json_breaks_the_server(service: Service, body: Any) -> None:
    answer = service.post("/api/projects/flights/feature-groups", {**GROUP, "columns": body})
    assert 400 <= answer.status_code < 500


def test_a_route_that_is_not_there_answers_like_all(service: Service) -> None:
    missing = service.http.get("/api/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "route-not-found")
    wrong = service.http.patch("/api/users")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method-not-allowed")


def test_a_request_keeps_the_id_it_came_with(service: Service) -> None:
    answer = service.http.get("/api/nothing", headers={"X-Request-Id": "mine-1"})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "mine-1"
    other = service.http.get("/api/nothing", headers={"X-Request-Id": "a b"})
    assert other.headers["x-request-id"] != "a b"


def test_requests_are_counted_by_route_and_status(service: Service) -> None:
    def count() -> float:
        lines = service.http.get("/metrics").text.splitlines()
        wanted = 'headrace_api_requests_total{method="POST",route="/api/users",status="201"} '
        return next((float(line.removeprefix(wanted)) for line in lines if line.startswith(wanted)), 0.0)

    before = count()
    service.post("/api/users", {"user": "ada"})
    service.http.get("/api/projects/flights/members/eve")
    assert count() == before + 1
    text = service.http.get("/metrics").text
    assert 'route="/api/projects/{project}/members/{user}",status="401"' in text
    assert 'headrace_api_request_seconds_bucket{le="0.01",method="POST",route="/api/users"}' in text
