"""Keys with scopes, and what is told of their use."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.unit.api.in_memory import ADMINISTRATOR, Service

from headrace_events.api_key import DAY_US, ApiKey

UNSCOPED = (
    "/api/certificates/authorities.pem",
    "/api/certificates/revoked",
    "/api/registry/",
    "/api/whoami",
    "/api/oidc",
    "/api/ldap",
)


def scoped(service: Service, *scopes: str, of: str = ADMINISTRATOR) -> str:
    answer = service.post("/api/keys", {"scopes": list(scopes)}, of)
    assert answer.status_code == 201, answer.text
    assert answer.json()["scopes"] == list(scopes)
    key: str = answer.json()["key"]
    return key


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_key_does_what_its_scopes_say_and_nothing_else(service: Service) -> None:
    key = scoped(service, "projects")
    assert service.post("/api/projects", {"project": "mine"}, key).status_code == 202
    assert code(service.post("/api/users", {"user": "zoe"}, key)) == (403, "scope-missing")
    assert code(service.post("/api/keys", {}, key)) == (403, "scope-missing")
    headers = {"Authorization": f"Bearer {key}"}
    for path in ("/api/keys", "/api/users", "/api/projects", "/api/projects/mine/topics", "/api/search?q=x"):
        assert code(service.http.get(path, headers=headers)) == (403, "scope-missing"), path


def test_every_read_asks_for_its_scope(service: Service) -> None:
    headers = {"Authorization": f"Bearer {scoped(service, 'admin')}"}
    asked = 0
    for path, methods in service.http.get("/openapi.json").json()["paths"].items():
        if "get" not in methods or not path.startswith("/api/") or path.startswith(UNSCOPED):
            continue
        where = path
        for name in ("version", "view_version", "generation", "seq", "schema_id"):
            where = where.replace(f"{{{name}}}", "1")
        answer = service.http.get(where.replace("{sha256}", "0" * 64), headers=headers)
        told = answer.json()
        assert answer.status_code == 403, (path, told)
        assert told.get("code") == "scope-missing" or "scope" in told["message"], (
            path,
            told,
        )  # a registry has no words
        asked += 1
    assert asked > 25


def test_a_key_gives_no_more_than_it_has(service: Service) -> None:
    key = scoped(service, "read", "account")
    assert scoped(service, "read", of=key)
    assert code(service.post("/api/keys", {"scopes": ["read", "kafka"]}, key)) == (403, "scope-missing")
    like_it = service.post("/api/keys", {}, key)
    assert (like_it.status_code, like_it.json()["scopes"]) == (201, ["read", "account"])


def test_a_key_gives_no_key_that_counts_longer_than_itself(service: Service) -> None:
    end = time.time_ns() // 1000 + 3_600_000_000
    key = service.key("ada", expires=end)
    for longer in ({}, {"expires": end + 1}):
        assert code(service.post("/api/keys", longer, key)) == (403, "key-outlives-its-maker")
    assert service.post("/api/keys", {"expires": end}, key).status_code == 201


def test_keys_of_others_are_an_administrators_keys_business(service: Service) -> None:
    service.key("ada")
    account = scoped(service, "account")
    assert code(service.post("/api/keys", {"user": "ada", "scopes": ["account"]}, account)) == (403, "scope-missing")
    both = scoped(service, "account", "admin")
    assert service.post("/api/keys", {"user": "ada", "scopes": ["account"]}, both).status_code == 201


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", "Read"]])
def test_unknown_scopes_are_refused(service: Service, scopes: list[str]) -> None:
    assert code(service.post("/api/keys", {"scopes": scopes})) == (422, "unknown-scope")


def test_the_day_of_a_keys_last_use_is_told_once(service: Service) -> None:
    key = service.key("ada")
    before = service.commands.world.seqs[""]
    for name in ("one", "two", "three"):
        assert service.post("/api/projects", {"project": name}, key).status_code == 202
    state = service.commands.world.state(ApiKey, None, key.partition(".")[0])
    assert state is not None
    assert state.used is not None
    assert state.used % DAY_US == 0
    assert service.commands.world.seqs[""] == before + 4
