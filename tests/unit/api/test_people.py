"""People over HTTP: registration, approval, shutting out."""

from __future__ import annotations

from tests.unit.api.in_memory import ADMINISTRATOR, Service


def register(service: Service, user: str) -> int:
    return service.http.post("/api/registrations", json={"user": user}).status_code


def test_registration_needs_no_credential_and_opens_nothing(service: Service) -> None:
    assert register(service, "zoe") == 201
    refused = service.post("/api/keys", {"user": "zoe"})
    assert (refused.status_code, refused.json()["code"]) == (409, "user-not-active")
    assert service.post("/api/users/zoe/approval", {}).status_code == 200
    assert service.post("/api/keys", {"user": "zoe"}).status_code == 201


def test_a_rejected_person_may_ask_again(service: Service) -> None:
    assert register(service, "zoe") == 201
    assert register(service, "zoe") == 409
    assert service.post("/api/users/zoe/rejection", {"reason": "who?"}).status_code == 200
    assert register(service, "zoe") == 201


def test_a_deactivated_persons_keys_are_refused_at_once_and_count_again_after(service: Service) -> None:
    key = service.key("ada")
    assert service.post("/api/projects", {"project": "mine"}, key).status_code == 202
    assert service.post("/api/users/ada/deactivation", {}).status_code == 200
    refused = service.post("/api/projects", {"project": "more"}, key)
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid-credential")
    assert service.post("/api/users/ada/activation", {}).status_code == 200
    assert service.post("/api/projects", {"project": "more"}, key).status_code == 202


def test_the_last_administrator_stays(service: Service) -> None:
    headers = {"Authorization": f"Bearer {ADMINISTRATOR}"}
    answer = service.http.delete("/api/users/root/administrator", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "last-administrator")
    service.key("ada")
    assert service.http.put("/api/users/ada/administrator", headers=headers).status_code == 200
    assert service.http.delete("/api/users/root/administrator", headers=headers).status_code == 200
    assert service.post("/api/users", {"user": "zoe"}).json()["code"] == "administrators-only"
