"""Signing in with the passwords of a real directory."""

from __future__ import annotations

from typing import Any

import httpx
import pyotp
import pytest
from tests.integration.sso.conftest import configure, settings_for
from tests.integration.sso.slapd import GROUP, PASSWORD, PEOPLE, Slapd
from tests.unit.api.in_memory import Service

from headrace_api.sessions.attempts import OF_PERSON
from headrace_events.identity import IdentityStored
from headrace_events.personal import sealed_for
from headrace_events.session import StartSession
from headrace_events.user import ApproveUser, DeactivateUser


def sign_in(service: Service, user: str = "ada", password: str = PASSWORD, **more: Any) -> httpx.Response:
    return service.http.post("/api/ldap/sessions", json={"user": user, "password": password, **more})


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


@pytest.fixture
def ada(service: Service, slapd: Slapd) -> Service:
    """A platform with the directory, at which ada has registered and was let in."""
    configure(service, settings_for(slapd))
    assert code(sign_in(service)) == (403, "registered")
    service.do(ApproveUser(user="ada"))
    return service


def test_a_person_of_the_directory_registers_and_comes_in_once_approved(service: Service, slapd: Slapd) -> None:
    configure(service, settings_for(slapd))
    assert code(sign_in(service)) == (403, "registered")
    assert code(sign_in(service)) == (409, "user-not-active")
    service.do(ApproveUser(user="ada"))
    answer = sign_in(service)
    assert (answer.status_code, answer.json()["user"]) == (201, "ada")
    started = [sent.command for sent in service.commands.taken if isinstance(sent.command, StartSession)]
    assert started[-1].by == "ldap"
    service.do(DeactivateUser(user="ada"))
    assert code(sign_in(service)) == (409, "user-not-active")


def test_where_somebody_registers_from_is_told_sealed(service: Service, slapd: Slapd) -> None:
    configure(service, settings_for(slapd))
    assert code(sign_in(service)) == (403, "registered")
    service.http_context().trail.tell_rest()
    assert all(taken.address is None for taken in service.commands.taken)
    told = {act.code or act.act: act.address for act in service.audit.acts}
    assert told.keys() == {"registration.receive", "registered"}
    assert {sealed_for(address or "") for address in told.values()} == {"ada"}


def test_a_connection_that_begins_in_clear_turns_to_tls(ada: Service, slapd: Slapd) -> None:
    configure(ada, settings_for(slapd, port=slapd.plain, starts_tls=True))
    assert sign_in(ada).status_code == 201


@pytest.mark.parametrize("starts_tls", [False, True])
def test_a_server_that_cannot_prove_itself_is_told_nothing(ada: Service, slapd: Slapd, starts_tls: bool) -> None:
    port = slapd.plain if starts_tls else slapd.tls
    configure(ada, settings_for(slapd, port=port, starts_tls=starts_tls, authorities=None))
    answer = sign_in(ada)
    assert code(answer) == (503, "directory-unavailable")
    assert "certificate verify failed" in answer.json()["message"]


def test_a_server_of_another_name_is_told_nothing(ada: Service, slapd: Slapd) -> None:
    configure(ada, settings_for(slapd, host="localhost"))
    answer = sign_in(ada)
    assert code(answer) == (503, "directory-unavailable")
    assert "not valid for 'localhost'" in answer.json()["message"]


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", PASSWORD[:-1], "\ud7ff", "x" * 900])
def test_another_password_does_not_open(ada: Service, password: str) -> None:
    assert code(sign_in(ada, password=password)) == (401, "wrong-password")


INJECTED = (
    "*",
    "ada*",
    "a*",
    "ada)(uid=*",
    "*)(objectClass=*",
    "ada)(|(uid=*",
    "(ada)",
    "\\61da",
    "ad\\61",
    "ada,dc=example",
)


@pytest.mark.parametrize("user", [*INJECTED, "nobody", "", "reader", f"uid=ada,{'dc=example,dc=com'}"])
def test_a_name_is_only_ever_a_name(ada: Service, user: str) -> None:
    assert code(sign_in(ada, user)) == (401, "wrong-password")


def test_only_members_of_the_group_come_in(service: Service, slapd: Slapd) -> None:
    configure(service, settings_for(slapd, group=GROUP))
    assert code(sign_in(service)) == (403, "registered")
    assert code(sign_in(service, "bob")) == (403, "not-in-group")
    assert code(sign_in(service, "bob", "wrong")) == (401, "wrong-password"), "nobody learns it without the password"
    configure(service, settings_for(slapd, group="cn=nothing,dc=example,dc=com"))
    assert code(sign_in(service)) == (403, "not-in-group")


def test_a_name_in_the_directory_is_that_person_here_only_where_the_setting_says_so(
    service: Service, slapd: Slapd
) -> None:
    service.key("ada")
    configure(service, settings_for(slapd))
    assert code(sign_in(service)) == (403, "name-taken")
    configure(service, settings_for(slapd, trusts_names=True))
    assert sign_in(service).json()["user"] == "ada"
    configure(service, settings_for(slapd, registers=False))
    assert code(sign_in(service, "bob")) == (403, "unknown-identity")


def test_somebody_links_their_entry_with_both_passwords(service: Service, slapd: Slapd) -> None:
    configure(service, settings_for(slapd))
    mine = "a password of Headrace"
    service.http.post("/api/registrations", json={"user": "zoe", "password": mine})
    service.do(ApproveUser(user="zoe"))
    token = service.http.post("/api/sessions", json={"user": "zoe", "password": mine}).json()["token"]
    link = {"user": "zoe-fischer", "password": PASSWORD}
    assert code(service.post("/api/identities/directory", link, token)) == (401, "wrong-password")
    wrong = {**link, "password": "wrong", "current": mine}
    assert code(service.post("/api/identities/directory", wrong, token)) == (401, "wrong-password")
    assert service.post("/api/identities/directory", {**link, "current": mine}, token).status_code == 201
    assert sign_in(service, "zoe-fischer").json()["user"] == "zoe"


def test_wrong_tries_count_for_the_entry_however_its_name_is_typed_and_for_nobody_else(ada: Service) -> None:
    for name in ("ada", "Ada", "ADA", " ada", "ada ")[:OF_PERSON]:
        assert code(sign_in(ada, name, "wrong")) == (401, "wrong-password")
    assert code(sign_in(ada)) == (429, "password-locked")
    here = {"user": "ada", "password": "wrong"}
    assert code(ada.http.post("/api/sessions", json=here)) == (401, "wrong-password")
    assert sign_in(ada, "zoe-fischer").status_code == 403


def test_one_time_codes_are_asked_for_beside_the_directorys_password(ada: Service) -> None:
    token = sign_in(ada).json()["token"]
    app = pyotp.TOTP(ada.post("/api/totp", {}, token).json()["secret"])
    recovery = ada.post("/api/totp/confirmation", {"code": app.now()}, token).json()["recovery_codes"]
    assert code(sign_in(ada)) == (401, "code-required")
    assert code(sign_in(ada, code="000000")) == (401, "wrong-code")
    assert sign_in(ada, code=recovery[0]).status_code == 201
    assert code(sign_in(ada, code=recovery[0])) == (403, "code-used")


def test_every_way_in_and_every_failure_is_in_the_trail_without_a_password(ada: Service) -> None:
    ada.audit.acts.clear()
    sign_in(ada)
    sign_in(ada, password="wrong-in-the-directory")
    sign_in(ada, user=PASSWORD)
    told = [(act.act, act.outcome.value, act.code, act.subject) for act in ada.audit.acts]
    assert told == [
        ("session.start", "accepted", "", "user/ada"),
        ("session.start", "refused", "wrong-password", "user/ada"),
        ("session.start", "refused", "wrong-password", "user/unknown"),
    ]
    assert ada.audit.acts[0].details == {"by": "ldap", "provider": "ldap:dc=example,dc=com", "factor": "none"}
    assert PASSWORD not in repr(ada.audit.acts)
    assert "wrong-in-the-directory" not in repr(ada.audit.acts)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"bind_password": "wrong"}, "does not let Headrace look"),
        ({"bind_dn": "", "bind_password": ""}, "does not look for people"),
        ({"base": "dc=elsewhere"}, "does not look for people"),
        ({"id_attribute": "employeeNumber"}, "shows no 'employeeNumber'"),
        ({"port": 1}, "127.0.0.1:1"),
    ],
)
def test_what_is_set_wrongly_is_told(service: Service, slapd: Slapd, wrong: dict[str, Any], says: str) -> None:
    configure(service, settings_for(slapd, **wrong))
    answer = sign_in(service)
    assert code(answer) == (503, "directory-unavailable")
    assert says in answer.json()["message"]


def test_nothing_of_the_directory_is_kept_but_a_hash(ada: Service) -> None:
    (stored,) = ada.keys.all_of(IdentityStored)
    assert (stored.user, stored.provider, len(stored.identity)) == ("ada", "ldap:dc=example,dc=com", 64)
    assert not any(f"uid={name}" in repr(ada.commands.taken) for name in PEOPLE)
