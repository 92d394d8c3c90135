"""Whose request it is."""

from __future__ import annotations

import base64
import time

import pytest
from tests.unit.api.in_memory import ADMINISTRATOR, TOKEN, Service

from headrace_api.app import build
from headrace_api.authentication import presented


def ask(service: Service, authorization: str | None) -> tuple[int, str]:
    headers = {"Authorization": authorization} if authorization is not None else {}
    answer = service.http.post("/api/users", json={"user": "ada"}, headers=headers)
    return answer.status_code, answer.json().get("code", "")


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "no-credential"),
        ("", "no-credential"),
        ("Bearer", "no-credential"),
        ("Digest root.secret", "no-credential"),
        ("Basic !!!", "no-credential"),
        ("Bearer nobody.secret", "invalid-credential"),
        ("Bearer root.wrong", "invalid-credential"),
        ("Bearer root", "invalid-credential"),
        ("Bearer root.", "invalid-credential"),
        ("Bearer .secret", "invalid-credential"),
        ("Bearer root.secret.more", "invalid-credential"),
    ],
)
def test_without_a_key_that_counts_nothing_is_done(service: Service, authorization: str | None, code: str) -> None:
    before = len(service.commands.world.aggregates)
    assert ask(service, authorization) == (401, code)
    assert len(service.commands.world.aggregates) == before


def test_a_refused_key_is_told_how_to_ask(service: Service) -> None:
    answer = service.http.post("/api/users", json={"user": "ada"})
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_an_expired_key_is_refused(service: Service) -> None:
    key = service.key("ada", expires=time.time_ns() // 1000 - 1)
    assert ask(service, f"Bearer {key}") == (401, "expired-credential")


def test_a_key_that_expires_later_counts(service: Service) -> None:
    key = service.key("ada", expires=time.time_ns() // 1000 + 60_000_000)
    assert ask(service, f"Bearer {key}") == (403, "administrators-only")


def test_the_key_may_be_a_basic_password(service: Service) -> None:
    basic = base64.b64encode(f"anybody:{ADMINISTRATOR}".encode()).decode()
    assert ask(service, f"Basic {basic}")[0] == 201


def test_a_basic_password_may_hold_colons() -> None:
    assert presented("Basic " + base64.b64encode(b"u:a:b").decode()) == "a:b"


def test_a_revoked_key_is_refused_at_once(service: Service) -> None:
    key = service.key("ada")
    headers = {"Authorization": f"Bearer {key}"}
    assert service.http.delete(f"/api/keys/{key.partition('.')[0]}", headers=headers).status_code == 200
    assert ask(service, f"Bearer {key}") == (401, "invalid-credential")


def test_a_key_of_one_project_does_not_open_another(service: Service) -> None:
    key = service.key("ada", project="flights")
    for project in ("rival", "no-such"):
        answer = service.post(f"/api/projects/{project}/topics", {"name": "t"}, key)
        assert (answer.status_code, answer.json()["code"]) == (403, "key-limited-to-project")


def test_a_key_of_one_project_does_nothing_on_the_platform(service: Service) -> None:
    key = service.key("ada", project="flights")
    for path, body in (("/api/keys", {}), ("/api/projects", {"project": "mine"}), ("/api/users", {"user": "eve"})):
        answer = service.post(path, body, key)
        assert (answer.status_code, answer.json()["code"]) == (403, "key-limited-to-project")


def test_a_key_of_its_project_is_used_there(service: Service) -> None:
    service.key("ada")
    service.project("flights", "ada")
    key = service.key("ada", project="flights")
    assert service.post("/api/projects/flights/topics", {"name": "clicks"}, key).status_code == 202


def test_every_route_but_the_public_ones_asks_for_a_key(service: Service) -> None:
    public = (
        "/healthz",
        "/metrics",
        "/api/registry/",
        "/api/first-administrator",
        "/api/registrations",
        "/api/sessions",
        "/api/certificates/authorities.pem",
        "/api/certificates/revoked",
        "/api/oidc",
        "/api/ldap",
    )
    asked = 0
    for path, methods in build(lambda: None).openapi()["paths"].items():  # type: ignore[arg-type,return-value] # unopened
        for method in methods:
            if path.startswith(public):
                continue
            where = path.replace("{version}", "1").replace("{view_version}", "1").replace("{generation}", "1")
            answer = service.http.request(method, where.replace("{sha256}", "0" * 64))
            assert answer.status_code == 401, (method, path, answer.text)
            asked += 1
    assert asked > 40


def test_the_first_administrator_needs_the_bootstrap_token(service: Service) -> None:
    for token in ("x", "wrong", TOKEN + "x"):
        answer = service.post("/api/first-administrator", {"user": "eve"}, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid-credential")


def test_there_is_no_second_first_administrator(service: Service) -> None:
    answer = service.post("/api/first-administrator", {"user": "eve"}, TOKEN)
    assert (answer.status_code, answer.json()["code"]) == (409, "administrator-exists")
