"""Commands over HTTP: once, conditionally, and with an answer that says what became of them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.unit.api.in_memory import ADMINISTRATOR, Service

from headrace_api import sending


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_an_accepted_command_says_where_it_is(service: Service) -> None:
    answer = service.post("/api/users", {"user": "ada"})
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["headrace-position"] == ",".join(body["positions"])
    assert body["positions"]
    assert body["aggregate"] == "user/ada"
    assert body["version"] == 1
    assert uuid.UUID(body["command_id"]).version == 7
    assert body["events"] == [str(uuid.uuid5(uuid.UUID(body["command_id"]), "0"))]


def test_the_same_request_with_the_same_id_happens_once(service: Service) -> None:
    name = str(uuid.uuid4())
    first = service.post("/api/users", {"user": "ada"}, Idempotency_Key=name)
    seq = service.commands.world.seqs[""]
    second = service.post("/api/users", {"user": "ada"}, Idempotency_Key=name)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert service.commands.world.seqs[""] == seq


def test_an_id_in_another_spelling_is_the_same_id(service: Service) -> None:
    name = uuid.uuid4()
    first = service.post("/api/users", {"user": "ada"}, Idempotency_Key=str(name).upper())
    assert service.post("/api/users", {"user": "ada"}, Idempotency_Key=name.hex).json() == first.json()


def test_a_refusal_is_remembered_too(service: Service) -> None:
    name = str(uuid.uuid4())
    refused = service.post("/api/projects", {"project": "flights", "owner": "ada"}, Idempotency_Key=name)
    assert code(refused) == (404, "user-not-found")
    service.key("ada")
    again = service.post("/api/projects", {"project": "flights", "owner": "ada"}, Idempotency_Key=name)
    assert code(again) == (404, "user-not-found")


def test_an_id_stands_for_one_request(service: Service) -> None:
    name = str(uuid.uuid4())
    service.post("/api/users", {"user": "ada"}, Idempotency_Key=name)
    assert code(service.post("/api/users", {"user": "bob"}, Idempotency_Key=name)) == (422, "command-id-reused")


def test_an_id_of_somebody_else_gives_nothing_away(service: Service) -> None:
    name = str(uuid.uuid4())
    mine = service.post("/api/keys", {}, Idempotency_Key=name)
    assert mine.status_code == 201
    eve = service.key("eve")
    stolen = service.post("/api/keys", {}, eve, Idempotency_Key=name)
    assert code(stolen) == (422, "command-id-reused")
    assert mine.json()["key"] not in stolen.text


@pytest.mark.parametrize("name", ["", "1", "not-a-uuid", "x" * 5000])
def test_an_id_is_a_uuid(service: Service, name: str) -> None:
    assert code(service.post("/api/users", {"user": "ada"}, Idempotency_Key=name)) == (422, "invalid-command-id")


def test_a_stale_version_is_a_conflict_and_nothing_happens(service: Service) -> None:
    service.key("ada")
    service.key("bob")
    service.project("flights", "ada")
    seq = service.commands.world.seqs["flights"]
    stale = service.post(
        "/api/projects/flights/members", {"user": "bob", "role": "data-scientist"}, ADMINISTRATOR, If_Match='"7"'
    )
    assert code(stale) == (409, "wrong-version")
    assert stale.json()["details"] == {"aggregate": "member", "expected": "7", "actual": "1"}
    assert service.commands.world.seqs["flights"] == seq
    fresh = service.post(
        "/api/projects/flights/members", {"user": "bob", "role": "data-scientist"}, ADMINISTRATOR, If_Match='"1"'
    )
    assert fresh.status_code == 202


@pytest.mark.parametrize("version", ["", "*", "-1", "1.5", '"one"', "9" * 30])
def test_if_match_is_a_version(service: Service, version: str) -> None:
    answer = service.post("/api/users", {"user": "ada"}, If_Match=version)
    assert code(answer) == (422, "invalid-if-match")


@pytest.mark.parametrize("name", ["a.b", "a/b", "../x", "A", "a", "-ab", "ab-", "a b", "ädä", "", "x" * 25, "a--b"])
def test_a_user_has_a_good_name(service: Service, name: str) -> None:
    answer = service.post("/api/users", {"user": name})
    assert code(answer) in {(422, "invalid-name"), (422, "reserved-name")}


@pytest.mark.parametrize("name", ["fraud.", "fraud.events", "a/b", "headrace", "system", "x" * 31, "Flights"])
def test_a_project_has_a_good_name(service: Service, name: str) -> None:
    answer = service.post("/api/projects", {"project": name})
    assert code(answer) in {(422, "invalid-name"), (422, "reserved-name")}


def test_what_waits_for_others_gives_a_place_to_look(service: Service) -> None:
    answer = service.post("/api/projects", {"project": "flights"})
    assert answer.status_code == 202
    assert answer.json()["status_url"] == "http://api.example/api/projects/flights"


def test_a_command_to_a_project_that_is_not_ready_is_a_conflict(service: Service) -> None:
    service.post("/api/projects", {"project": "flights"})
    assert code(service.post("/api/projects/flights/topics", {"name": "t"})) == (409, "project-not-ready")


def test_who_is_no_member_learns_nothing_of_a_project(service: Service) -> None:
    service.key("ada")
    service.project("flights", "ada")
    eve = service.key("eve")
    known = service.post("/api/projects/flights/topics", {"name": "t"}, eve)
    unknown = service.post("/api/projects/flightz/topics", {"name": "t"}, eve)
    assert code(known) == code(unknown) == (404, "project-not-found")


def test_a_scientist_does_not_do_what_owners_do(service: Service) -> None:
    service.key("ada")
    bob = service.key("bob")
    service.project("flights", "ada")
    service.post("/api/projects/flights/members", {"user": "bob", "role": "data-scientist"})
    assert code(service.post("/api/projects/flights/topics", {"name": "t"}, bob)) == (403, "owners-only")


def test_without_a_result_in_time_the_answer_names_the_command(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SECONDS", 0.05)
    service.commands.silent = True
    name = str(uuid.uuid4())
    answer = service.post("/api/users", {"user": "ada"}, Idempotency_Key=name)
    assert code(answer) == (504, "outcome-unknown")
    assert answer.json()["details"] == {"command_id": name}
    assert service.commands.forgotten == [name]
    service.commands.silent = False
    assert service.post("/api/users", {"user": "ada"}, Idempotency_Key=name).status_code == 201


def test_brokers_that_are_away_are_worth_another_try(service: Service) -> None:
    service.commands.away = True
    answer = service.post("/api/users", {"user": "ada"})
    assert code(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"


def test_tables_that_are_away_are_worth_another_try(service: Service) -> None:
    answer = service.http.get("/api/whoami", headers={"Authorization": f"Bearer {ADMINISTRATOR}"})
    assert code(answer) == (503, "unavailable")


def test_an_issued_key_opens_the_door_and_is_the_same_when_asked_again(service: Service) -> None:
    name = str(uuid.uuid4())
    first = service.post("/api/keys", {"user": "root"}, Idempotency_Key=name).json()
    again = service.post("/api/keys", {"user": "root"}, Idempotency_Key=name).json()
    assert first == again
    assert service.post("/api/users", {"user": "ada"}, first["key"]).status_code == 201
    assert first["key"].partition(".")[2] not in str(service.commands.world)
