"""What members do with the SDK: certificates without asking, producers and consumers in one line, files."""

from __future__ import annotations

import stat
import uuid
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from tests.integration.clients import eventually
from tests.integration.served import ADMINISTRATOR_KEY, Served, unique

import headrace
from headrace._certificates import client_files


@pytest.fixture(autouse=True)
def at_home(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients keep their files in the home of the test's stack."""
    monkeypatch.setenv("HEADRACE_HOME", str(served.home))


@pytest.fixture(scope="module")
def project(served: Served) -> str:
    return served.new_project()


def test_a_project_is_ready_when_it_is_made(served: Served) -> None:
    name = unique("p")
    served.platform.user("ada")
    served.platform.user("bob")
    with served.administrator() as administrator:
        made = administrator.create_project(name, "a trial", owner="ada")
        assert made.description == "a trial"
        member = made.add_member("bob", "Data scientist")
        assert [(one.user, one.role) for one in made.get_members()] == [
            ("ada", "data-owner"),
            ("bob", "data-scientist"),
        ]
        member.update_role("data-owner")
        made.remove_member("ada")
        assert [one.user for one in made.get_members()] == ["bob"]


def test_one_line_produces_and_one_line_consumes(served: Served, project: str) -> None:
    with served.project("ada", project) as ada, served.project("bob", project) as bob:
        name = ada.get_kafka_api().create_topic(unique("t").replace("-", "_")).name
        producer = ada.producer(name)
        for number in range(1000):
            producer.send(str(number), key=str(number % 7))
        assert producer.flush(20) == 0
        consumer = bob.consumer(name, group="readers")
        seen: list[int] = []

        def all_seen() -> bool | None:
            seen.extend(int(message.value() or b"") for message in consumer.consume(500, 0.2))
            return True if len(seen) == 1000 else None

        eventually(all_seen, "all records")
        consumer.close()
    assert sorted(seen) == list(range(1000))


def test_any_client_is_made_of_the_default_configuration(served: Served, project: str) -> None:
    with served.project("ada", project) as ada:
        kafka = ada.get_kafka_api()
        topic = kafka.create_topic(unique("t").replace("-", "_")).name
        answers: list[KafkaError | None] = []
        settings = kafka.get_default_config()
        producer = Producer({name: value for name, value in settings.items() if name != "group.id"})
        producer.produce(topic, b"plain", on_delivery=lambda error, _: answers.append(error))
        assert producer.flush(20) == 0
        assert answers == [None]
        consumer = Consumer({**settings, "auto.offset.reset": "earliest"})
        consumer.subscribe([topic])
        message = eventually(lambda: consumer.poll(0.2), "the record")
        consumer.close()
    assert message.error() is None
    assert message.value() == b"plain"


def test_the_administrator_of_this_machine_needs_no_key(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    (served.home / "secrets" / "administrator.key").write_text(ADMINISTRATOR_KEY)
    monkeypatch.setenv("HEADRACE_API", "http://127.0.0.1:1")
    monkeypatch.setenv("HEADRACE_API_KEY", "somebody.else")
    with headrace.administrator() as administrator:
        assert (administrator.user, administrator.url) == ("root-admin", served.url)


def test_records_are_encoded_by_the_projects_schemas(served: Served, project: str) -> None:
    with served.project("ada", project) as ada:
        producer = ada.producer(f"{project}.outcomes")
        with pytest.raises(headrace.Invalid, match="does not fit"):
            producer.send({"nonsense": 1}, key="i/0")
        other = ada.producer("anything")
        with pytest.raises(headrace.Invalid, match="subject"):
            other.send({"x": 1})


def test_a_scientist_may_not_write_where_owners_do_until_granted(served: Served, project: str) -> None:
    with served.project("ada", project) as ada, served.project("bob", project) as bob:
        topic = ada.get_kafka_api().create_topic(unique("t").replace("-", "_"))
        refused: list[KafkaError | None] = []
        producer = bob.producer(topic.name, message_timeout_ms=5000)
        producer.send("x", on_delivery=lambda error, _: refused.append(error))
        producer.flush(10)
        assert refused[0] is not None
        assert refused[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
        ada.get_kafka_api().grant(topic.name, "bob")

        def written() -> bool | None:
            reports: list[KafkaError | None] = []
            again = bob.producer(topic.name, message_timeout_ms=5000)
            again.send("x", on_delivery=lambda error, _: reports.append(error))
            again.flush(10)
            return True if reports == [None] else None

        eventually(written, "the grant to hold")


def test_a_rival_neither_reads_nor_writes(served: Served, project: str) -> None:
    other = served.new_project("mallory", None)
    with served.project("ada", project) as ada, served.project("mallory", other) as mallory:
        topic = ada.get_kafka_api().create_topic(unique("t").replace("-", "_")).name
        failures: list[KafkaError | None] = []
        producer = mallory.producer(topic, message_timeout_ms=5000)
        producer.send("x", on_delivery=lambda error, _: failures.append(error))
        producer.flush(10)
        assert failures[0] is not None
        consumer = mallory.consumer(topic)
        refused = eventually(lambda: _error(consumer), "the refusal")
        assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
        consumer.close()


def _error(consumer: headrace.Consumer) -> KafkaError | None:
    try:
        message = consumer.poll(0.5)
    except KafkaException as error:
        first: KafkaError = error.args[0]
        return first
    return message.error() if message is not None else None


def test_certificates_are_private_reused_and_made_anew_when_revoked(
    served: Served, project: str, tmp_path: Path
) -> None:
    with served.project("ada", project) as ada:
        first = client_files(ada._api, project, "ada", tmp_path)
        assert first.certificate.parent.parent == tmp_path / f"{project}__ada"
        for path in (first.key, first.certificate, first.ca):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert client_files(ada._api, project, "ada", tmp_path) == first
        generation = first.certificate.parent.name
        ada._api.delete(f"/api/projects/{project}/certificates/ada/{generation}")
        second = client_files(ada._api, project, "ada", tmp_path)
        assert int(second.certificate.parent.name) > int(generation)
        second.ca.write_text("another authority")
        third = client_files(ada._api, project, "ada", tmp_path)
        assert third.certificate != second.certificate


def test_files_are_stored_once_and_checked_when_read(served: Served, project: str, tmp_path: Path) -> None:
    content = uuid.uuid4().bytes * 100_000
    source = tmp_path / "source"
    source.write_bytes(content)
    with served.project("bob", project) as bob:
        files = bob.get_dataset_api()
        digest = files.upload(source)
        assert files.upload_bytes(content) == digest
        assert files.read_content(digest) == content
        assert files.download(digest, tmp_path / "copy").read_bytes() == content
        stored = served.home / "storage" / "artifacts" / project / digest[:2] / digest
        stored.write_bytes(content[:-1] + b"!")
        with pytest.raises(headrace.Failed, match="SHA-256"):
            files.download(digest, tmp_path / "spoilt")
        with pytest.raises(headrace.NotFound):
            files.read_content("0" * 64)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "source"]


def test_login_says_what_is_unclear(served: Served) -> None:
    with pytest.raises(headrace.NotSignedIn):
        headrace.login(host=served.url, api_key="no.key", project="p")
    with pytest.raises(headrace.NotFound):
        headrace.login(host=served.url, api_key=ADMINISTRATOR_KEY, project="no-such-project")
    with pytest.raises(headrace.Invalid, match="say which project"):
        headrace.login(host=served.url, api_key=served.key(unique()))


def test_login_finds_the_only_project(served: Served) -> None:
    owner = unique()
    project = served.new_project(owner, None)
    with headrace.login(host=served.url, api_key=served.key(owner)) as signed_in:
        assert (signed_in.name, signed_in.user) == (project, owner)
