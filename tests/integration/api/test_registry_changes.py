"""A project's schema registry, changed as Confluent's clients change it, and what its own client makes of ours."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient, SchemaRegistryError
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from tests.integration.served import Served

MEDIA = "application/vnd.schemaregistry.v1+json"


def record(*types: str, name: str = "n.R", **more: Any) -> str:
    fields = [{"name": f"f{number}", "type": kind} for number, kind in enumerate(types)]
    return json.dumps({"type": "record", "name": name, "fields": fields, **more})


INT, LONG, TEXT = record("int"), record("long"), record("string")
OUTER = json.dumps({"type": "record", "name": "o.O", "fields": [{"name": "inner", "type": "n.R"}]})


@pytest.fixture(scope="module")
def project(served: Served) -> str:
    return served.new_project()


@pytest.fixture
def subject() -> str:
    """A subject of its own for each test."""
    return f"s{uuid.uuid4().hex[:12]}"


def ask(
    served: Served, project: str, method: str, path: str, body: Any = None, *, user: str = "ada", **query: Any
) -> tuple[int, Any]:
    """The status, and the body: of an error, its code."""
    answer = httpx.request(
        method,
        f"{served.url}/api/projects/{project}/registry{path}",
        params=query,
        auth=(user, served.key(user)),
        headers={"Accept": f"{MEDIA}, application/json", "Content-Type": MEDIA},
        content=json.dumps(body) if body is not None else None,
        timeout=60,
    )
    assert answer.headers["content-type"] == MEDIA
    told = answer.json()
    return answer.status_code, told["error_code"] if answer.is_error else told


def test_what_was_registered_is_found_at_once_in_every_way(served: Served, project: str, subject: str) -> None:
    status, made = ask(served, project, "POST", f"/subjects/{subject}/versions", {"schema": INT}, normalize="false")
    assert (status, set(made)) == (200, {"id"})
    compact = json.dumps(json.loads(INT), separators=(",", ":"))
    whole = {"subject": subject, "version": 1, "id": made["id"], "schema": compact}
    place = {"subject": subject, "version": 1}
    for path, answer in {
        f"/schemas/ids/{made['id']}": {"schema": compact},
        f"/schemas/ids/{made['id']}/versions": [place],
        f"/schemas/ids/{made['id']}/subjects": [subject],
        f"/schemas/ids/{made['id']}/schema": json.loads(INT),
        f"/subjects/{subject}/versions": [1],
        f"/subjects/{subject}/versions/1": whole,
        f"/subjects/{subject}/versions/latest": whole,
        f"/subjects/{subject}/versions/-1": whole,
        f"/subjects/{subject}/versions/1/schema": json.loads(INT),
        f"/subjects/{subject}/versions/1/referencedby": [],
        "/schemas/types": ["AVRO"],
        "/contexts": ["."],
    }.items():
        assert ask(served, project, "GET", path) == (200, answer), path
    assert ask(served, project, "POST", f"/subjects/{subject}", {"schema": INT}) == (200, whole)
    assert ask(served, project, "POST", f"/subjects/{subject}/versions", {"schema": INT}) == (200, made)
    assert subject in ask(served, project, "GET", "/subjects")[1]
    assert ask(served, project, "GET", "/subjects", subjectPrefix=subject) == (200, [subject])
    assert ask(served, project, "GET", "/schemas", subjectPrefix=subject) == (200, [whole])


def test_an_incompatible_schema_is_refused_and_the_check_says_so_before(
    served: Served, project: str, subject: str
) -> None:
    versions = f"/subjects/{subject}/versions"
    assert ask(served, project, "POST", versions, {"schema": INT})[0] == 200
    for path in (versions, f"{versions}/latest", f"{versions}/1"):
        check = f"/compatibility{path}"
        assert ask(served, project, "POST", check, {"schema": LONG}) == (200, {"is_compatible": True})
        assert ask(served, project, "POST", check, {"schema": TEXT}) == (200, {"is_compatible": False})
        verbose = ask(served, project, "POST", check, {"schema": TEXT}, verbose="true")[1]
        assert "version 1" in verbose["messages"][0]
    assert ask(served, project, "POST", f"/compatibility{versions}/7", {"schema": INT}) == (404, 40402)
    assert ask(served, project, "POST", "/compatibility/subjects/none/versions/latest", {"schema": INT}) == (
        200,
        {"is_compatible": True},
    )
    assert ask(served, project, "POST", versions, {"schema": TEXT}) == (409, 40901)
    assert ask(served, project, "POST", versions, {"schema": LONG})[0] == 200
    assert ask(served, project, "GET", versions) == (200, [1, 2])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"schema": "nonsense"}, 42201),
        ({"schema": '{"type":"array","items":' * 100 + '"int"' + "}" * 100}, 42201),
        ({"schema": "{}", "schemaType": "PROTOBUF"}, 42201),
        ({"schema": INT, "metadata": {"properties": {"owner": "me"}}}, 42201),
        ({"schema": INT, "references": [{"name": "n.X", "subject": "none", "version": 1}]}, 42201),
        ({"schema": INT, "id": 7}, 42205),
        ({"schema": INT, "version": 7}, 42205),
        ({}, 422),
    ],
)
def test_what_cannot_be_registered_is_refused(
    served: Served, project: str, subject: str, body: dict[str, Any], code: int
) -> None:
    assert ask(served, project, "POST", f"/subjects/{subject}/versions", body) == (422, code)


def test_a_name_that_is_none_is_refused(served: Served, project: str) -> None:
    assert ask(served, project, "POST", "/subjects/headrace.x/versions", {"schema": INT}) == (422, 42208)


def test_versions_are_hidden_and_then_forgotten(served: Served, project: str, subject: str) -> None:
    path = f"/subjects/{subject}"
    for text in (INT, LONG):
        ask(served, project, "POST", f"{path}/versions", {"schema": text})
    made = ask(served, project, "GET", f"{path}/versions/1")[1]["id"]
    assert ask(served, project, "DELETE", f"{path}/versions/1", permanent="true") == (404, 40407)
    assert ask(served, project, "DELETE", f"{path}/versions/1") == (200, 1)
    assert ask(served, project, "DELETE", f"{path}/versions/1") == (404, 40406)
    assert ask(served, project, "GET", f"{path}/versions") == (200, [2])
    assert ask(served, project, "GET", f"{path}/versions", deleted="true") == (200, [1, 2])
    assert ask(served, project, "GET", f"{path}/versions", deletedOnly="true") == (200, [1])
    assert ask(served, project, "GET", f"{path}/versions/1") == (404, 40402)
    assert ask(served, project, "GET", f"{path}/versions/1", deleted="true")[1]["id"] == made
    assert ask(served, project, "GET", f"/schemas/ids/{made}")[0] == 200
    assert ask(served, project, "DELETE", path, permanent="true") == (404, 40405)
    assert ask(served, project, "DELETE", path) == (200, [2])
    assert ask(served, project, "DELETE", path) == (404, 40404)
    assert ask(served, project, "GET", "/subjects", subjectPrefix=subject) == (200, [])
    for query in ({"deleted": "true"}, {"deletedOnly": "true"}):
        assert ask(served, project, "GET", "/subjects", subjectPrefix=subject, **query) == (200, [subject])
    assert ask(served, project, "DELETE", path, user="bob", permanent="true") == (403, 40301)
    assert ask(served, project, "DELETE", path, permanent="true") == (200, [1, 2])
    assert ask(served, project, "GET", f"{path}/versions", deleted="true") == (404, 40401)
    assert ask(served, project, "DELETE", path) == (404, 40401)
    other = served.new_project()
    assert ask(served, other, "GET", f"/schemas/ids/{made}") == (404, 40403)


def test_what_is_referred_to_stays(served: Served, project: str, subject: str) -> None:
    inner, outer = f"{subject}.inner", f"{subject}.outer"
    ask(served, project, "POST", f"/subjects/{inner}/versions", {"schema": INT})
    references = [{"name": "n.R", "subject": inner, "version": 1}]
    body = {"schema": OUTER, "references": references}
    made = ask(served, project, "POST", f"/subjects/{outer}/versions", body)[1]["id"]
    assert ask(served, project, "GET", f"/schemas/ids/{made}")[1]["references"] == references
    resolved = json.loads(ask(served, project, "GET", f"/schemas/ids/{made}", format="resolved")[1]["schema"])
    assert resolved["fields"][0]["type"]["name"] == "n.R"
    assert ask(served, project, "GET", f"/subjects/{inner}/versions/1/referencedby") == (200, [made])
    assert ask(served, project, "POST", f"/subjects/{outer}", body)[1]["version"] == 1
    assert ask(served, project, "DELETE", f"/subjects/{inner}") == (422, 42206)
    assert ask(served, project, "DELETE", f"/subjects/{outer}") == (200, [1])
    assert ask(served, project, "DELETE", f"/subjects/{inner}") == (200, [1])


def test_levels_and_modes_hold_for_a_subject_or_for_all(served: Served, subject: str) -> None:
    project = served.new_project()
    assert ask(served, project, "GET", "/config") == (200, {"compatibilityLevel": "BACKWARD"})
    assert ask(served, project, "PUT", "/config", {"compatibility": "FULL"}) == (200, {"compatibility": "FULL"})
    assert ask(served, project, "PUT", "/config", {"compatibility": "FULL"}, user="bob") == (403, 40301)
    assert ask(served, project, "PUT", "/config", {"compatibility": "WHATEVER"}) == (422, 42203)
    assert ask(served, project, "GET", f"/config/{subject}") == (404, 40408)
    assert ask(served, project, "GET", f"/config/{subject}", defaultToGlobal="true") == (
        200,
        {"compatibilityLevel": "FULL"},
    )
    assert ask(served, project, "PUT", f"/config/{subject}", {"compatibility": "NONE"})[0] == 200
    assert ask(served, project, "GET", f"/config/{subject}") == (200, {"compatibilityLevel": "NONE"})
    assert ask(served, project, "DELETE", f"/config/{subject}") == (200, {"compatibilityLevel": "NONE"})
    assert ask(served, project, "DELETE", f"/config/{subject}") == (404, 40408)
    assert ask(served, project, "DELETE", "/config") == (200, {"compatibilityLevel": "FULL"})
    assert ask(served, project, "GET", "/mode") == (200, {"mode": "READWRITE"})
    assert ask(served, project, "GET", f"/mode/{subject}") == (404, 40409)
    assert ask(served, project, "PUT", f"/mode/{subject}", {"mode": "READONLY"}) == (200, {"mode": "READONLY"})
    assert ask(served, project, "POST", f"/subjects/{subject}/versions", {"schema": INT}) == (422, 42205)
    assert ask(served, project, "PUT", "/mode", {"mode": "IMPORT"}) == (422, 42204)
    assert ask(served, project, "DELETE", f"/mode/{subject}") == (200, {"mode": "READONLY"})
    assert ask(served, project, "POST", f"/subjects/{subject}/versions", {"schema": INT})[0] == 200


def test_lists_come_in_pages(served: Served, project: str, subject: str) -> None:
    names = [f"{subject}.{number}" for number in range(5)]
    for name in names:
        ask(served, project, "POST", f"/subjects/{name}/versions", {"schema": INT})
    pages = [
        ask(served, project, "GET", "/subjects", subjectPrefix=subject, offset=offset, limit=2)[1]
        for offset in (0, 2, 4, 6)
    ]
    assert pages == [names[:2], names[2:4], names[4:], []]
    latest = ask(served, project, "GET", "/schemas", subjectPrefix=subject, latestOnly="true", offset=1, limit=1)[1]
    assert [row["subject"] for row in latest] == names[1:2]


def test_what_javas_serializer_asks(served: Served, project: str, subject: str) -> None:
    path = f"/subjects/{subject}/versions"
    body: dict[str, Any] = {
        "schema": INT,
        "references": [],
        "schemaType": "AVRO",
        "metadata": None,
        "ruleSet": None,
        "version": -1,
    }
    made = ask(served, project, "POST", path, body, normalize="false")[1]["id"]
    by_id = ask(served, project, "GET", f"/schemas/ids/{made}", fetchMaxId="false", subject=subject)
    assert json.loads(by_id[1]["schema"]) == json.loads(INT)
    assert (
        ask(served, project, "POST", f"/subjects/{subject}", body, normalize="false", deleted="true")[1]["id"] == made
    )
    assert ask(served, project, "GET", f"/schemas/ids/{made}", fetchMaxId="true")[1]["maxId"] >= made


def test_a_client_that_takes_only_json_gets_json(served: Served, project: str) -> None:
    answer = served.ask("GET", f"/api/projects/{project}/registry/subjects", headers={"Accept": "application/json"})
    assert answer.headers["content-type"] == "application/json"


# Confluent's own client.


@pytest.fixture
def client(served: Served, project: str) -> Iterator[SchemaRegistryClient]:
    key = served.key("ada")
    url = f"{served.url}/api/projects/{project}/registry"
    with SchemaRegistryClient({"url": url, "basic.auth.user.info": f"ada:{key}"}) as made:
        yield made


def test_confluents_client_finds_its_way(client: SchemaRegistryClient, subject: str) -> None:
    first = client.register_schema(subject, Schema(INT, "AVRO"))
    outer = Schema(OUTER, "AVRO", [SchemaReference("n.R", subject, 1)])
    second = client.register_schema(f"{subject}.outer", outer, normalize_schemas=True)
    assert client.get_schema(second).references == [SchemaReference("n.R", subject, 1)]
    assert client.lookup_schema(subject, Schema(INT, "AVRO")).schema_id == first
    assert client.get_latest_version(subject).version == 1
    assert client.get_versions(subject) == [1]
    assert client.get_referenced_by(subject, 1) == [second]
    assert set(client.get_subjects(subject_prefix=subject)) == {subject, f"{subject}.outer"}
    assert client.test_compatibility(subject, Schema(LONG, "AVRO"))
    assert not client.test_compatibility(subject, Schema(TEXT, "AVRO"))
    with pytest.raises(SchemaRegistryError) as caught:
        client.register_schema(subject, Schema(TEXT, "AVRO"))
    assert (caught.value.http_status_code, caught.value.error_code) == (409, 40901)
    client.set_compatibility(subject, "NONE")
    assert client.get_compatibility(subject) == "NONE"
    assert client.register_schema(subject, Schema(TEXT, "AVRO")) not in {first, second}
    assert client.delete_version(subject, 2) == 2
    for name in (f"{subject}.outer", subject):
        assert client.delete_subject(name) == [1]
    assert client.delete_subject(f"{subject}.outer", permanent=True) == [1]
    assert client.delete_subject(subject, permanent=True) == [1, 2]


def test_confluents_serializer_writes_what_its_deserializer_and_the_sdk_read(
    served: Served, project: str, client: SchemaRegistryClient, tmp_path: Path
) -> None:
    with served.project("ada", project) as ada:
        topic = ada.get_kafka_api().create_topic(f"t{uuid.uuid4().hex[:8]}").name
        value = SerializationContext(topic, MessageField.VALUE)
        sent = {"f0": 42}
        payload = AvroSerializer(client, INT)(sent, value)
        assert payload is not None
        broker = served.platform.member_connection(project, "ada", tmp_path).librdkafka()
        producer = Producer(broker)
        producer.produce(topic, payload)
        assert producer.flush(30) == 0
        consumer = Consumer({**broker, "group.id": f"{project}.reader", "auto.offset.reset": "earliest"})
        consumer.subscribe([topic])
        message = consumer.poll(60)
        consumer.close()
        assert message is not None
        assert message.error() is None
        read = message.value()
        assert read is not None
        assert AvroDeserializer(client)(read, value) == sent
        assert ada.schemas.decode(read) == sent
    assert client.get_versions(f"{topic}-value") == [1]
