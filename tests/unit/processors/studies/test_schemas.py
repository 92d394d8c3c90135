"""The schemas that a trial which reads topics is given."""

from __future__ import annotations

import json

from tests.unit.processors.provisioning.test_sharing import at

from headrace_events.project import ProjectClosing
from headrace_events.schema import SchemaReference, SchemaRegistered
from headrace_events.subject import SubjectVersionRegistered
from headrace_processors.studies.schemas import ProjectSchemas

INNER = {"type": "record", "name": "Page", "fields": [{"name": "path", "type": "string"}]}
OUTER = {"type": "record", "name": "Click", "fields": [{"name": "page", "type": "Page"}]}
REFERS = SchemaReference(name="Page", subject="page", version=1, schema_id=10_000)


def schemas() -> ProjectSchemas:
    folded = ProjectSchemas()
    for number, schema, references in ((10_000, INNER, ()), (10_001, OUTER, (REFERS,)), (10_002, INNER, ())):
        text = json.dumps(schema)
        registered = SchemaRegistered(schema_id=number, fingerprint=str(number), schema=text, references=references)
        folded.apply(at(number, registered, "flights"))
    for subject, number in (("page", 10_000), ("click", 10_001)):
        folded.apply(at(1, SubjectVersionRegistered(subject=subject, version=1, schema_id=number), "flights"))
    folded.apply(at(1, SubjectVersionRegistered(subject="secret", version=1, schema_id=10_002), "rival"))
    return folded


def test_they_are_those_of_its_project() -> None:
    assert set(schemas().of("flights")) == {10_000, 10_001}
    assert set(schemas().of("rival")) == {10_002}


def test_what_a_schema_refers_to_is_written_out() -> None:
    click = json.loads(schemas().of("flights")[10_001])
    assert click["fields"][0]["type"]["fields"][0]["name"] == "path"


def test_a_project_that_closes_has_none_left() -> None:
    folded = schemas()
    folded.apply(at(9, ProjectClosing(project="flights"), "flights"))
    assert folded.of("flights") == {}
