"""The registry's half that needs no tables: the shipped schemas."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from tests.unit.api.in_memory import Service

from headrace_schemas.catalogue import published, schema_id


def shuffled(schema: Any, order: random.Random) -> Any:
    """The same schema with its attributes in another order and another text for its documentation."""
    if isinstance(schema, list):
        return [shuffled(item, order) for item in schema]
    if not isinstance(schema, dict):
        return schema
    names = list(schema)
    order.shuffle(names)
    return {name: "another" if name == "doc" else shuffled(schema[name], order) for name in names}


def test_the_platforms_schemas_are_read_by_id_without_a_key(service: Service) -> None:
    number = schema_id("predictions/prediction.v1.avsc")
    answer = service.http.get(f"/api/registry/schemas/ids/{number}?fetchMaxId=false&subject=any")
    assert answer.headers["content-type"] == "application/vnd.schemaregistry.v1+json"
    assert answer.json() == {"schema": published()[number].text}
    bare = service.http.get(f"/api/registry/schemas/ids/{number}/schema")
    assert bare.text == published()[number].text
    assert service.http.get(f"/api/registry/schemas/ids/{number}/versions").json() == [
        {"subject": "headrace.predictions.Prediction", "version": 1}
    ]


def test_a_posted_schema_that_exists_gives_its_id_under_any_subject(service: Service) -> None:
    for number, schema in published().items():
        text = json.dumps(shuffled(json.loads(schema.text), random.Random(number)))  # noqa: S311 - only an order
        for subject in (schema.name, "headrace.derived.windows-value"):
            answer = service.http.post(
                f"/api/registry/subjects/{subject}/versions?normalize=false",
                content=json.dumps({"schema": text, "references": []}),
                headers={"Content-Type": "application/vnd.schemaregistry.v1+json"},
            )
            assert (answer.status_code, answer.json()) == (200, {"id": number})


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/schemas/ids/9999", 404, 40403),
        ("/schemas/ids/10000", 404, 40403),
        ("/schemas/ids/x", 422, 422),
        ("/subjects/none/versions", 404, 40401),
        ("/subjects/none/versions/1", 404, 40401),
        ("/subjects/headrace.runs.Metric/versions/2", 404, 40402),
        ("/subjects/headrace.runs.Metric/versions/0", 422, 42202),
        ("/subjects/headrace.runs.Metric/versions/x", 422, 42202),
    ],
)
def test_errors_are_in_the_registrys_own_form(service: Service, path: str, status: int, code: int) -> None:
    answer = service.http.get(f"/api/registry{path}")
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert set(answer.json()) == {"error_code", "message"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"schema": '"string"'}, 404, 40403),
        ({"schema": "nonsense"}, 422, 42201),
        ({"schema": "{}", "schemaType": "JSON"}, 422, 42201),
        ({}, 422, 422),
    ],
)
def test_a_schema_that_does_not_exist_is_not_made(
    service: Service, body: dict[str, str], status: int, code: int
) -> None:
    answer = service.http.post("/api/registry/subjects/s/versions", json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


@pytest.mark.parametrize("field", ["name", "subject"])
def test_a_reference_that_holds_a_nul_is_asked_of_no_store(service: Service, field: str) -> None:
    reference = {"name": "n", "subject": "s", "version": 1, field: "a\0b"}
    answer = service.http.post("/api/registry/subjects/s/versions", json={"schema": "{}", "references": [reference]})
    assert (answer.status_code, answer.json()["error_code"]) == (422, 422)
    assert "NUL" in answer.json()["message"]


def test_subjects_and_versions_are_listed(service: Service) -> None:
    subjects = service.http.get("/api/registry/subjects").json()
    assert subjects == sorted({schema.name for schema in published().values()})
    assert service.http.get("/api/registry/subjects/headrace.runs.Metric/versions").json() == [1]
    latest = service.http.get("/api/registry/subjects/headrace.runs.Metric/versions/latest").json()
    assert latest["id"] == schema_id("runs/metric.v1.avsc")


def test_a_projects_registry_asks_for_a_key_in_its_own_form(service: Service) -> None:
    answer = service.http.get("/api/projects/flights/registry/schemas/ids/1")
    assert (answer.status_code, answer.json()["error_code"]) == (401, 401)
