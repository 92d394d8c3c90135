"""Shares over HTTP: what a body must hold, who is told what, and where to wait."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.api.in_memory import Service

from headrace_events.language import Command
from headrace_events.share import AcceptShare, OfferShare, RevokeShare
from headrace_events.shared import Shareable

STORE = "feature_store:flights:rival"
OFFER = {"receiver": "rival", "what": "feature_store"}
HERE = "/api/projects/flights/shares"
THERE = "/api/projects/rival/shares"


@pytest.fixture
def ada(service: Service) -> str:
    """The key of the owner of the project that shares."""
    key = service.key("ada")
    service.project("flights", "ada")
    return key


@pytest.fixture
def eve(service: Service, ada: str) -> str:
    """The key of the owner of the project that receives."""
    key = service.key("eve")
    service.project("rival", "eve")
    return key


def sent(service: Service) -> Command:
    """The command that came last."""
    return service.commands.taken[-1].command


def test_an_offer_says_what_its_share_is_called_and_answers_say_where_to_wait(
    service: Service, ada: str, eve: str
) -> None:
    offered = service.post(HERE, OFFER, ada)
    assert (offered.status_code, offered.json()["share"]) == (201, STORE)
    offer = OfferShare(project="flights", receiver="rival", what=Shareable.FEATURE_STORE)
    assert sent(service) == offer
    accepted = service.post(f"{THERE}/{STORE}/accept", {}, eve)
    assert (accepted.status_code, accepted.json()["status_url"]) == (202, f"http://api.example{THERE}/{STORE}")
    assert sent(service) == AcceptShare(project="rival", share=STORE)
    revoked = service.post(f"{HERE}/{STORE}/revoke", {}, ada)
    assert (revoked.status_code, revoked.json()["version"]) == (202, 3)
    assert sent(service) == RevokeShare(project="flights", share=STORE)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**OFFER, "what": "project"}, 422, "invalid-request"),
        ({"what": "feature_store"}, 422, "invalid-request"),
        ({**OFFER, "permission": "EDITABLE"}, 422, "invalid-request"),
        ({**OFFER, "receiver": "flights"}, 422, "share-with-oneself"),
        ({**OFFER, "receiver": "nobody"}, 409, "receiver-takes-no-offers"),
        ({**OFFER, "name": "weather"}, 422, "incomplete-share"),
        ({**OFFER, "what": "feature_group", "name": "weather", "version": 1}, 404, "feature-group-not-found"),
        ({**OFFER, "what": "topic", "name": "rival.topics.clicks"}, 404, "topic-not-found"),
        ({**OFFER, "what": "topic", "name": "flights.events"}, 422, "not-shareable"),
    ],
)
@pytest.mark.usefixtures("eve")
def test_an_offer_that_cannot_be_is_refused(service: Service, ada: str, body: Any, status: int, code: str) -> None:
    answer = service.post(HERE, body, ada)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_wrong_side_is_told_so_and_a_stranger_of_no_project(service: Service, ada: str, eve: str) -> None:
    service.post(HERE, OFFER, ada)
    wrong = service.post(f"{HERE}/{STORE}/accept", {}, ada)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "other-side-only")
    stranger = service.post(f"{THERE}/{STORE}/accept", {}, ada)
    assert (stranger.status_code, stranger.json()["code"]) == (404, "project-not-found")


def test_an_answer_to_another_version_than_the_present_one_is_refused(service: Service, ada: str, eve: str) -> None:
    service.post(HERE, OFFER, ada)
    headers = {"Authorization": f"Bearer {eve}", "If-Match": "2"}
    answer = service.http.post(f"{THERE}/{STORE}/accept", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong-version")
