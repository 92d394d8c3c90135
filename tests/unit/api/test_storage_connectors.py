"""Storage connectors over HTTP: a secret is sealed before it leaves the API, and a URL with one in it never does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.api.in_memory import Service

from headrace_api.storage_connectors.secrets import opened, sealed
from headrace_broker.sealing import MasterKey
from headrace_events.storage_connector import ConnectorSecretStored, CreateStorageConnector
from headrace_schemas.errors import Undecodable

MASTER = MasterKey(bytes(32))
PASSWORD = "correct horse battery"
PLACE = "/api/projects/flights/storage-connectors"
BODY: dict[str, Any] = {"name": "warehouse", "url": "postgresql://reader@db/sales", "secret": {"password": PASSWORD}}


@pytest.fixture
def owner(service: Service) -> str:
    """A key of the owner of `flights`."""
    key = service.key("ada")
    service.project("flights", "ada")
    return key


def test_a_secret_is_sealed_in_its_command_and_opens_where_it_is_stored(service: Service, owner: str) -> None:
    answer = service.post(PLACE, BODY, owner)
    assert answer.status_code == 201, answer.text
    assert PASSWORD not in answer.text
    request = service.commands.taken[-1]
    assert isinstance(request.command, CreateStorageConnector)
    assert PASSWORD.encode() not in service.commands.codec.encode(request.command)
    stored = service.keys.held(ConnectorSecretStored, "connector/flights/warehouse")
    assert stored is not None
    assert opened(stored, MASTER) == {"password": PASSWORD}
    assert PASSWORD not in f"{stored} {request} {service.audit.acts}"


def test_a_secret_opens_under_the_name_it_was_sealed_for_and_no_other() -> None:
    one = sealed({"password": PASSWORD}, "flights", "warehouse", MASTER)
    assert one is not None
    with pytest.raises(Undecodable):
        opened(ConnectorSecretStored(project="rival", name="warehouse", sealed=one), MASTER)


def test_a_secret_is_changed_and_taken_away(service: Service, owner: str) -> None:
    service.post(PLACE, BODY, owner)
    headers = {"Authorization": f"Bearer {owner}"}
    for body, held in (({"secret": {"password": "another"}}, {"password": "another"}), ({"secret": None}, None)):
        answer = service.http.put(f"{PLACE}/warehouse/secret", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        stored = service.keys.held(ConnectorSecretStored, "connector/flights/warehouse")
        assert (None if stored is None else opened(stored, MASTER)) == held
    service.http.put(f"{PLACE}/warehouse/secret", json={"secret": {"password": "third"}}, headers=headers)
    assert service.http.delete(f"{PLACE}/warehouse", headers=headers).status_code == 200
    assert service.keys.held(ConnectorSecretStored, "connector/flights/warehouse") is None


def test_a_url_with_a_password_in_it_is_refused_before_anything_is_sent(service: Service, owner: str) -> None:
    answer = service.post(PLACE, {**BODY, "url": f"postgresql://reader:{PASSWORD.replace(' ', '')}@db/sales"}, owner)
    assert (answer.status_code, answer.json()["code"]) == (422, "secret-in-url")
    assert "`secret`" in answer.json()["message"]
    assert PASSWORD.replace(" ", "") not in answer.text
    assert not any(isinstance(request.command, CreateStorageConnector) for request in service.commands.taken)


@pytest.mark.parametrize(
    "secret",
    [PASSWORD, [PASSWORD], {"password": [PASSWORD]}, {"password": {"of": PASSWORD}}, {"password": f"{PASSWORD}\0"}],
)
def test_a_malformed_secret_is_not_said_again(service: Service, owner: str, secret: Any) -> None:
    answer = service.post(PLACE, {**BODY, "secret": secret}, owner)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert PASSWORD not in answer.text


def test_the_document_shows_no_password(service: Service) -> None:
    document = service.http.get("/openapi.json").json()
    paths = {path: verbs for path, verbs in document["paths"].items() if "storage-connectors" in path}
    assert set(paths) == {PLACE.replace("flights", "{project}") + end for end in ("", "/{name}", "/{name}/secret")}
    shown = document["components"]["schemas"]["NewStorageConnector"]
    assert "examples" not in shown["properties"]["secret"]
    assert "password=" not in json.dumps(paths)
