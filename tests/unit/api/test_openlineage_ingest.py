"""Run events as clients of OpenLineage send them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.api.in_memory import Service

from headrace_api.openlineage.sent import BatchAnswer, FailedEvent
from headrace_events.lineage_run import LONGEST_DOCUMENT, RecordRunEvent

PATH = "/api/projects/flights/openlineage/api/v1/lineage"
EVENT: dict[str, Any] = {
    "eventTime": "2013-07-01T02:00:00+02:00",
    "eventType": "COMPLETE",
    "run": {"runId": "0190163D-8694-739B-AEA5-966C26F8AD90", "facets": {"nominalTime": {"nominalStartTime": "2013"}}},
    "job": {"namespace": "airflow", "name": "clean.flights"},
    "inputs": [{"namespace": "s3://raw", "name": "flights/2013.csv", "facets": {"schema": {"fields": []}}}],
    "outputs": [{"namespace": "headrace://flights", "name": "feature_group:weather.1"}],
    "producer": "https://example.org/cleaner",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
}


@pytest.fixture
def key(service: Service) -> str:
    """The key of the owner of project `flights`."""
    key = service.key("ada")
    service.project("flights", "ada")
    return key


def test_an_event_becomes_a_command_and_keeps_its_facets(service: Service, key: str) -> None:
    answer = service.post(PATH, EVENT, key)
    assert answer.status_code == 201, answer.text
    command = service.commands.taken[-1].command
    assert isinstance(command, RecordRunEvent)
    assert (command.run, command.event_type) == ("0190163d-8694-739b-aea5-966c26f8ad90", "COMPLETE")
    assert command.event_time == 1_372_636_800_000_000
    assert (command.inputs[0].namespace, command.outputs[0].name) == ("s3://raw", "feature_group:weather.1")
    assert '"nominalStartTime":"2013"' in command.document
    assert len(answer.json()["events"]) == 1


def test_an_event_sent_twice_is_recorded_once(service: Service, key: str) -> None:
    service.post(PATH, EVENT, key)
    again = service.post(PATH, EVENT, key)
    assert (again.status_code, again.json()["events"]) == (201, [])


def test_an_event_without_type_inputs_and_outputs_is_one(service: Service, key: str) -> None:
    least = {name: EVENT[name] for name in ("eventTime", "run", "job", "producer", "schemaURL")}
    assert service.post(PATH, least, key).status_code == 201


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"run": {"runId": "7"}}, "body.run.runId"),
        ({"run": None}, "body.run"),
        ({"eventType": "BEGIN"}, "body.eventType"),
        ({"eventTime": "2013-07-01T02:00:00"}, "body.eventTime"),
        ({"eventTime": "yesterday"}, "body.eventTime"),
        ({"job": {"namespace": "", "name": "x"}}, "body.job.namespace"),
        ({"job": {"namespace": "a|b", "name": "x"}}, "body.job.namespace"),
        ({"inputs": [{"namespace": "a"}]}, "body.inputs.0.name"),
        ({"outputs": [{"namespace": "a", "name": "x\0"}]}, "body.outputs.0.name"),
        ({"inputs": [{"namespace": "a", "name": "x"}] * 1001}, "body.inputs"),
        ({"producer": None}, "body.producer"),
    ],
)
def test_a_malformed_event_is_refused_with_the_place(
    service: Service, key: str, change: dict[str, Any], where: str
) -> None:
    answer = service.post(PATH, {**EVENT, **change}, key)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert where in answer.json()["details"]


def test_an_event_that_is_too_large_is_refused(service: Service, key: str) -> None:
    large = {**EVENT, "run": {**EVENT["run"], "facets": {"plan": "x" * LONGEST_DOCUMENT}}}
    answer = service.post(PATH, large, key)
    assert (answer.status_code, answer.json()["code"]) == (422, "run-event-too-large")


@pytest.mark.parametrize(
    ("facet", "status"),
    [('"\\ud800"', 201), ('"\\u0000"', 201), ("NaN", 422), ("1e999", 422), ("[" * 900 + "]" * 900, 422)],
)
def test_whatever_a_facet_holds_is_kept_or_refused(service: Service, key: str, facet: str, status: int) -> None:
    answer = service.post(PATH, f'{{"facet": {facet}, {json.dumps(EVENT)[1:]}', key)
    assert answer.status_code == status, answer.text
    command = service.commands.taken[-1].command
    if status == 201:
        assert isinstance(command, RecordRunEvent)
        assert json.loads(command.document)["facet"] == json.loads(facet)


def test_who_is_no_member_tells_nothing(service: Service, key: str) -> None:
    assert key
    answer = service.post(PATH, EVENT, service.key("mallory"))
    assert (answer.status_code, answer.json()["code"]) == (404, "project-not-found")


@pytest.mark.parametrize(
    ("received", "failed", "status"),
    [(2, 0, "success"), (2, 1, "partial_success"), (1, 1, "failure"), (0, 0, "success")],
)
def test_a_batch_says_what_came_of_it(received: int, failed: int, status: str) -> None:
    answer = BatchAnswer.of(
        received, [FailedEvent(index=i, code="x", reason="", retriable=True) for i in range(failed)]
    )
    assert (answer.status, answer.summary.successful, answer.summary.retriable) == (status, received - failed, failed)


def test_a_batch_is_of_no_one_version(service: Service, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}", "If-Match": "1"}
    answer = service.http.post(f"{PATH}/batch", json=[EVENT], headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "if-match-of-many")


def test_a_batch_with_a_key_of_another_scope_is_refused_whole(service: Service, key: str) -> None:
    limited = service.post("/api/keys", {"scopes": ["read"]}, key).json()["key"]
    answer = service.post(f"{PATH}/batch", [EVENT], limited)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
