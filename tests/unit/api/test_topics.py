"""Topics over HTTP: what is left out stays, and null is no limit."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.api.in_memory import Service

from headrace_events.topic import ChangeTopic, OpenedTopic, RecordTopicOpened
from headrace_events.topic_settings import Limit

CLICKS = "flights.topics.clicks"
HERE = "/api/projects/flights/topics"


@pytest.fixture
def ada(service: Service) -> str:
    """The key of an owner whose project has an open topic."""
    key = service.key("ada")
    service.project("flights", "ada")
    made = service.post(HERE, {"name": "clicks", "partitions": 2, "retention_ms": 5, "compacted": True}, key)
    assert made.json()["topic"] == CLICKS
    topic = OpenedTopic(name=CLICKS, topic_id="c", partitions=2, purpose="user")
    service.do(RecordTopicOpened(project="flights", topic=topic), "system:provisioning")
    return key


def change(service: Service, key: str, body: Any, topic: str = CLICKS) -> Any:
    return service.http.patch(f"{HERE}/{topic}", json=body, headers={"Authorization": f"Bearer {key}"})


def test_a_change_is_accepted_and_says_where_to_wait(service: Service, ada: str) -> None:
    answer = change(service, ada, {"partitions": 3, "retention_ms": None})
    assert (answer.status_code, answer.json()["status_url"]) == (202, f"http://api.example{HERE}/{CLICKS}")
    assert service.commands.taken[-1].command == ChangeTopic(
        project="flights", topic=CLICKS, partitions=3, retention_ms=Limit()
    )


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"partitions": 1}, 409, "fewer-partitions"),
        ({"partitions": 65}, 422, "invalid-partitions"),
        ({"retention_ms": -1}, 422, "invalid-retention"),
        ({"retention_bytes": 0}, 422, "invalid-retention"),
        ({"retention_bytes": 2**70}, 422, "does-not-fit"),
        ({"retention_ms": "week"}, 422, "invalid-request"),
        ({"name": "other"}, 422, "invalid-request"),
    ],
)
def test_a_change_that_cannot_be_is_refused(service: Service, ada: str, body: Any, status: int, code: str) -> None:
    answer = change(service, ada, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_change_of_nothing_changes_nothing(service: Service, ada: str) -> None:
    answer = change(service, ada, {})
    assert (answer.status_code, answer.json()["events"]) == (202, [])


def test_an_unknown_topic_or_a_stranger_changes_nothing(service: Service, ada: str) -> None:
    assert change(service, ada, {"compacted": False}, "flights.topics.other").json()["code"] == "topic-not-found"
    assert change(service, service.key("eve"), {"compacted": False}).json()["code"] == "project-not-found"
