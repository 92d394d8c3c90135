"""What identifies a person leaves the API sealed, and is opened by whoever has the key."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.api.in_memory import ADMINISTRATOR, Service

from headrace_broker.audit import Act, Outcome, now
from headrace_events.personal import DescribeUser, EraseSubject, MakePersonalKey, sealed_for
from headrace_events.user import CreateUser, DeactivateUser, Standing, User

FULL_NAME, EMAIL = "Ada Lovelace", "ada@example.org"
PROFILE = {"full_name": FULL_NAME, "email": EMAIL}


def sent(service: Service, kind: type[Any]) -> Any:
    (command,) = (taken.command for taken in service.commands.taken if isinstance(taken.command, kind))
    return command


def put(service: Service, path: str, body: Any, key: str) -> Any:
    return service.http.put(path, json=body, headers={"Authorization": f"Bearer {key}"})


def test_a_profile_is_sealed_before_it_becomes_a_command(service: Service) -> None:
    assert put(service, "/api/users/ada/profile", PROFILE, service.key("ada")).status_code == 200
    command = sent(service, DescribeUser)
    assert (sealed_for(command.full_name), sealed_for(command.email)) == ("ada", "ada")
    shown = service.http_context().personal.shown
    assert (shown(command.full_name), shown(command.email)) == (FULL_NAME, EMAIL)


def test_what_is_left_out_of_a_profile_is_nothing(service: Service) -> None:
    assert put(service, "/api/users/ada/profile", {}, service.key("ada")).status_code == 200
    assert sent(service, DescribeUser) == DescribeUser(user="ada")


def test_an_address_that_is_none_is_refused(service: Service) -> None:
    key = service.key("ada")
    for email in ("ada", "ada@", "@example.org", "a da@example.org", f"{'a' * 320}@example.org"):
        assert put(service, "/api/users/ada/profile", {"email": email}, key).status_code == 422, email


def test_who_has_no_key_yet_gets_one(service: Service) -> None:
    service.do(CreateUser(user="old"))
    answer = service.post("/api/users/old/deactivation", {"reason": "Old Person left"})
    assert answer.status_code == 200
    reason = sent(service, DeactivateUser).reason
    assert sealed_for(reason) == "old"
    assert service.http_context().personal.shown(reason) == "Old Person left"


def test_of_an_unknown_person_nothing_is_sent_in_plain_words(service: Service) -> None:
    answer = service.post("/api/users/nobody/deactivation", {"reason": "No Body left"})
    assert (answer.status_code, answer.json()["code"]) == (404, "user-not-found")
    assert sent(service, DeactivateUser).reason == ""


def test_a_key_that_cannot_be_made_keeps_what_was_written_out_of_the_log(service: Service) -> None:
    service.do(CreateUser(user="old"))
    service.commands.away = True
    assert service.post("/api/users/old/deactivation", {"reason": "Old Person left"}).status_code == 503
    assert not [taken for taken in service.commands.taken if isinstance(taken.command, DeactivateUser)]


def test_a_person_erases_themselves_and_is_shut_out(service: Service) -> None:
    key = service.key("ada")
    put(service, "/api/users/ada/profile", PROFILE, key)
    described = sent(service, DescribeUser)
    assert service.post("/api/users/ada/erasure", {"confirm": "ada"}, key).status_code == 200
    assert service.http_context().personal.shown(described.full_name) == "erased"
    state = service.commands.world.state(User, None, "ada")
    assert state is not None
    assert state.standing is Standing.ERASED
    assert service.post("/api/users/ada/erasure", {"confirm": "ada"}, key).status_code == 401
    again = service.post("/api/users/ada/erasure", {"confirm": "ada"})
    assert (again.status_code, again.json()["events"]) == (200, [])


def test_an_erasure_that_is_not_confirmed_does_nothing(service: Service) -> None:
    answer = service.post("/api/users/ada/erasure", {"confirm": "adam"}, service.key("ada"))
    assert (answer.status_code, answer.json()["code"]) == (422, "not-confirmed")
    state = service.commands.world.state(User, None, "ada")
    assert state is not None
    assert state.standing is Standing.ACTIVE


def test_where_somebody_registers_from_is_told_sealed(service: Service) -> None:
    answer = service.http.post("/api/registrations", json={"user": "zoe", "password": "long enough for this"})
    assert answer.status_code == 201
    (act,) = (act for act in service.audit.acts if act.act == "registration.receive")
    assert act.address is not None
    assert (act.subject, sealed_for(act.address)) == ("user/zoe", "zoe")
    assert service.addresses() == {"127.0.0.1"}
    assert all(taken.address is None for taken in service.commands.taken if taken.actor == "anonymous")


def test_an_act_waits_for_the_key_of_its_person(service: Service) -> None:
    trail = service.http_context().trail
    act = Act(at=now(), actor="user:late", act="api_key.use", outcome=Outcome.ACCEPTED, address="192.0.2.1")
    trail.tell(act)
    trail.tell_rest()
    assert service.audit.acts == []
    service.do(CreateUser(user="late"))
    service.do(MakePersonalKey(user="late"), "system:api")
    trail.tell_rest()
    assert service.addresses() == {"192.0.2.1"}
    trail.tell_rest()
    assert len(service.audit.acts) == 1


def test_an_act_whose_person_can_have_no_key_is_told_without_the_address(service: Service) -> None:
    trail = service.http_context().trail
    trail.tell(Act(at=now(), actor="user:nobody", act="x.y", outcome=Outcome.ACCEPTED, address="192.0.2.1"))
    trail.close()
    assert service.addresses() == {None}


def test_who_has_a_password_shows_it_to_erase_themselves(service: Service) -> None:
    password = "correct horse battery"
    service.http.post("/api/registrations", json={"user": "zoe", "password": password})
    assert service.post("/api/users/zoe/approval", {}).status_code == 200
    session = service.http.post("/api/sessions", json={"user": "zoe", "password": password}).json()["token"]
    for shown in ({}, {"password": "wrong"}):
        answer = service.post("/api/users/zoe/erasure", {"confirm": "zoe", **shown}, session)
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong-password")
    assert not [taken for taken in service.commands.taken if isinstance(taken.command, EraseSubject)]
    erasure = {"confirm": "zoe", "password": password}
    assert service.post("/api/users/zoe/erasure", erasure, session).status_code == 200


def test_an_administrators_own_password_is_not_asked_for_to_erase_another(service: Service) -> None:
    first = {"password": "correct horse battery"}
    assert put(service, "/api/password", first, ADMINISTRATOR).status_code == 200
    service.do(CreateUser(user="old"))
    service.do(DeactivateUser(user="old"))
    assert service.post("/api/users/old/erasure", {"confirm": "old"}).status_code == 200


@pytest.mark.parametrize("narrow", [{"scopes": ["account", "admin"]}, {"expires": 2**52}])
def test_a_key_that_gives_less_than_signing_in_erases_nobody(service: Service, narrow: dict[str, Any]) -> None:
    service.do(CreateUser(user="old"))
    service.do(DeactivateUser(user="old"))
    key = service.post("/api/keys", narrow).json()["key"]
    for user in ("old", "root"):
        answer = service.post(f"/api/users/{user}/erasure", {"confirm": user}, key)
        assert (answer.status_code, answer.json()["code"]) == (403, "key-narrowed")
