"""What is on a project's topics, and who reads it: looked at with the member's own certificate."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import confluent_kafka
import pytest
from tests.integration.clients import eventually
from tests.integration.served import Served, unique
from tests.integration.stack import CACHE

import headrace
from headrace_compose import jars
from headrace_compose.services.kafka import SOURCE

CLICK = {
    "type": "record",
    "name": "Click",
    "fields": [
        {"name": "page", "type": "string"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "price", "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}]},
    ],
}
CLICKS = [{"page": f"/{n}", "at": "2026-01-02T03:04:05+00:00", "price": "1.50"} for n in range(7)]


@pytest.fixture(autouse=True)
def at_home(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients keep their files in the home of the test's stack."""
    monkeypatch.setenv("HEADRACE_HOME", str(served.home))


@pytest.fixture(scope="module")
def project(served: Served) -> str:
    return served.new_project()


@pytest.fixture
def ada(served: Served, project: str) -> Iterator[headrace.Project]:
    """The project's Data Owner."""
    with served.project("ada", project) as signed_in:
        yield signed_in


def new_topic(ada: headrace.Project, partitions: int = 1, subject: str | None = None) -> str:
    """A topic of its own for a test."""
    return ada.get_kafka_api().create_topic(f"t{uuid.uuid4().hex[:8]}", partitions, subject=subject).name


def test_records_go_in_as_json_and_are_shown_decoded_with_what_cannot_be(ada: headrace.Project) -> None:
    kafka = ada.get_kafka_api()
    topic = new_topic(ada, partitions=3)
    with pytest.raises(headrace.NotFound) as missing:
        kafka.produce(topic, CLICKS)
    assert missing.value.code == "subject-not-found"
    ada.get_schema_registry().register(f"{topic}-value", CLICK)
    assert kafka.produce(topic, CLICKS, key="page") == 7
    raw = ada.producer(topic)
    for junk in (b"\0junk", b"\xff\xfe", b"\0\x7f\xff\xff\xff!", None, "text"):
        raw.send(junk, partition=0)
    assert raw.flush(20) == 0
    shown = kafka.browse(topic, limit=100)
    assert len(shown) == 12
    decoded = sorted(record.value["page"] for record in shown if isinstance(record.value, dict))
    assert decoded == [click["page"] for click in CLICKS]
    assert sum(record.error is not None for record in shown) == 3
    (one,) = [record.to_json() for record in shown if record.key == "/3"]
    assert one["value"] == CLICKS[3]
    assert all(isinstance(json.dumps(record.to_json()), str) for record in shown)
    assert [record.offset for record in kafka.browse(topic, limit=1)] == [shown[-1].offset]


def test_one_may_look_at_any_offset_and_at_no_other(ada: headrace.Project) -> None:
    kafka = ada.get_kafka_api()
    topic = new_topic(ada)
    assert kafka.browse(topic) == []
    assert kafka.produce(topic, [str(number) for number in range(50)]) == 50
    assert [record.value for record in kafka.browse(topic, limit=3)] == ["47", "48", "49"]
    assert [record.value for record in kafka.browse(topic, 0, 10, limit=2)] == ["10", "11"]
    assert [record.value for record in kafka.browse(topic, offset=49)] == ["49"]
    assert kafka.browse(topic, offset=50) == []
    for wrong, code in (
        ({"offset": 51}, "offset-out-of-range"),
        ({"offset": -1}, "offset-out-of-range"),
        ({"partition": 1}, "partition-not-found"),
        ({"limit": 0}, "invalid-limit"),
    ):
        with pytest.raises(headrace.HeadraceError) as refused:
            kafka.browse(topic, **wrong)
        assert refused.value.code == code
    with pytest.raises(headrace.NotFound):
        kafka.browse("no-such-topic")


def test_the_newest_are_found_behind_what_transactions_leave(ada: headrace.Project) -> None:
    kafka = ada.get_kafka_api()
    topic = new_topic(ada)
    producer = ada.producer(topic, transactional_id=f"{ada.name}.{unique()}")
    producer.init_transactions(20)
    for number in range(6):
        producer.begin_transaction()
        producer.send(str(number))
        if number % 2:
            producer.abort_transaction(20)
        else:
            producer.commit_transaction(20)
    assert [record.value for record in kafka.browse(topic, limit=2)] == ["2", "4"]
    assert [record.value for record in kafka.consume(topic)] == ["0", "2", "4"]


def test_a_record_that_does_not_fit_stops_the_rest_and_says_which(ada: headrace.Project) -> None:
    topic = new_topic(ada)
    ada.get_schema_registry().register(f"{topic}-value", CLICK)
    kafka = ada.get_kafka_api()
    for wrong in ({"page": 5}, {"page": "/", "at": "noon", "price": None}, {**CLICKS[0], "colour": "red"}):
        with pytest.raises(headrace.Invalid, match=r"record 2: .*1 before it were sent"):
            kafka.produce(topic, [CLICKS[0], wrong, CLICKS[1]])
    assert len(kafka.browse(topic)) == 3


def test_a_compacted_topic_takes_records_with_keys_only(ada: headrace.Project) -> None:
    kafka = ada.get_kafka_api()
    topic = kafka.create_topic(f"t{uuid.uuid4().hex[:8]}", compacted=True).name
    with pytest.raises(headrace.Invalid) as refused:
        kafka.produce(topic, ["x"])
    assert refused.value.code == "invalid-record"
    assert kafka.browse(topic) == []


def test_who_may_not_write_is_told_so_and_nobody_sees_anothers_topic(served: Served, ada: headrace.Project) -> None:
    topic = new_topic(ada)
    with served.project("bob", ada.name) as bob:
        with pytest.raises(headrace.Forbidden):
            bob.get_kafka_api().produce(topic, ["x"])
        with pytest.raises(headrace.Forbidden):
            bob.get_kafka_api().create_topic("bobs")
    other = served.new_project("mallory", None)
    with served.project("mallory", other) as mallory:
        for look in (mallory.get_kafka_api().browse, lambda name: list(mallory.get_kafka_api().consume(name))):
            with pytest.raises(headrace.Forbidden):
                look(topic)


def test_the_librdkafka_configuration_works_as_it_stands(ada: headrace.Project) -> None:
    topic = new_topic(ada)
    text = ada.get_kafka_api().config("librdkafka")
    settings = dict(line.split("=", 1) for line in text.splitlines())
    assert settings["ssl.endpoint.identification.algorithm"] == "https"
    producer = confluent_kafka.Producer(settings)
    producer.produce(topic, b"hello")
    assert producer.flush(20) == 0
    producer.close()
    consumer = confluent_kafka.Consumer(settings)
    consumer.subscribe([topic])
    message = eventually(lambda: consumer.poll(0.5), "the record")
    consumer.close()
    assert (message.error(), message.value()) == (None, b"hello")


def test_the_properties_work_in_java_as_they_stand(ada: headrace.Project, tmp_path: Path) -> None:
    topic = new_topic(ada)
    producer = ada.producer(topic)
    producer.send("hello to Java")
    assert producer.flush(20) == 0
    properties = tmp_path / "client.properties"
    properties.write_text(ada.get_kafka_api().config("properties"))
    libraries = jars.location(CACHE, SOURCE) / "lib"
    program = Path(__file__).parent / "java" / "Records.java"
    done = subprocess.run(
        [jars.java(), "-XX:TieredStopAtLevel=1", "-cp", f"{libraries}/*", str(program), str(properties), topic],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.stdout.strip() == "hello to Java", done.stderr
