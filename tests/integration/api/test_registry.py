"""A project's schema registry, asked as Confluent's clients ask it."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import fastavro
import httpx
import pytest
from tests.integration.served import Served

MEDIA = "application/vnd.schemaregistry.v1+json"


@pytest.fixture(scope="module")
def project(served: Served) -> str:
    name = served.new_project()
    columns = [
        {"name": "airport", "type": "string"},
        {"name": "hour", "type": "timestamp"},
        {"name": "wind", "type": "double"},
    ]
    group = {"name": "weather", "columns": columns, "primary_key": ["airport"], "event_time": "hour"}
    path = f"/api/projects/{name}/feature-groups"
    made = served.ask("POST", path, json=group, key=served.key("ada"))
    assert made.status_code == 202
    assert served.ask("GET", f"{path}?after={made.headers['headrace-position']}").status_code == 200
    return name


def ask(served: Served, project: str, method: str, path: str, *, user: str = "bob", body: Any = None) -> httpx.Response:
    """As the serializers do: basic authentication, their media type, parameters that we have no use for."""
    answer = httpx.request(
        method,
        f"{served.url}/api/projects/{project}/registry{path}",
        params={"normalize": "false", "fetchMaxId": "false"},
        auth=(user, served.key(user)),
        headers={"Accept": f"{MEDIA}, application/json", "Content-Type": MEDIA},
        content=json.dumps(body) if body is not None else None,
        timeout=60,
    )
    assert answer.headers["content-type"] == MEDIA
    return answer


def test_a_serializer_finds_its_schema_and_writes_what_the_sdk_reads(served: Served, project: str) -> None:
    latest = ask(served, project, "GET", "/subjects/weather_1/versions/latest").json()
    schema = json.loads(latest["schema"])
    reordered = {name: schema[name] for name in sorted(schema, reverse=True)}
    found = ask(served, project, "POST", "/subjects/weather_1/versions", body={"schema": json.dumps(reordered)})
    assert found.json() == {"id": latest["id"]}
    out = io.BytesIO(struct.pack(">bI", 0, found.json()["id"]))
    out.seek(5)
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), {"airport": "JFK", "hour": 5, "wind": None})
    with served.project("ada", project) as ada:
        decoded = ada.schemas.decode(out.getvalue())
    assert (decoded["airport"], decoded["wind"]) == ("JFK", None)


def test_a_deserializer_gets_the_schema_by_its_id(served: Served, project: str) -> None:
    latest = ask(served, project, "GET", "/subjects/weather_1/versions/latest").json()
    by_id = ask(served, project, "GET", f"/schemas/ids/{latest['id']}?subject=weather_1")
    assert by_id.json() == {"schema": latest["schema"]}
    used = ask(served, project, "GET", f"/schemas/ids/{latest['id']}/versions")
    assert used.json() == [{"subject": "weather_1", "version": 1}]


def test_ids_are_looked_up_within_the_project(served: Served, project: str) -> None:
    schema_id = ask(served, project, "GET", "/subjects/weather_1/versions/1").json()["id"]
    other = served.new_project()
    missing = ask(served, other, "GET", f"/schemas/ids/{schema_id}")
    assert (missing.status_code, missing.json()["error_code"]) == (404, 40403)


def test_shipped_schemas_are_read_in_every_project(served: Served, project: str) -> None:
    latest = ask(served, project, "GET", "/subjects/headrace.outcomes.Outcome/versions/latest").json()
    assert ask(served, project, "GET", f"/schemas/ids/{latest['id']}").json()["schema"] == latest["schema"]


def test_a_schema_that_nobody_made_is_not_found(served: Served, project: str) -> None:
    missing = ask(served, project, "GET", "/subjects/nothing/versions/latest")
    assert (missing.status_code, missing.json()["error_code"]) == (404, 40401)
    unknown = ask(served, project, "POST", "/subjects/weather_1", body={"schema": '"string"'})
    assert (unknown.status_code, unknown.json()["error_code"]) == (404, 40403)


def test_who_is_no_member_gets_a_404_in_confluents_form(served: Served, project: str) -> None:
    refused = ask(served, project, "GET", "/subjects", user="mallory")
    assert (refused.status_code, set(refused.json())) == (404, {"error_code", "message"})
