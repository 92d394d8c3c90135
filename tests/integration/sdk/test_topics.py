"""What is on a project's topics, and who reads it: looked at with the member's own certificate."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import confluent_kafka
import pytest
from tests.e2e.guides import blocks
from tests.integration.clients import eventually
from tests.integration.served import Served, unique
from tests.integration.stack import CACHE

import headrace
from headrace_compose import jars
from headrace_compose.services.kafka import SOURCE

GUIDE = Path(__file__).parents[3] / "docs" / "topics.md"
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


def test_a_group_goes_on_where_it_stopped_and_its_lag_is_known(ada: headrace.Project) -> None:
    kafka = ada.get_kafka_api()
    topic = new_topic(ada, partitions=2)
    group = unique("readers")
    kafka.produce(topic, [str(number) for number in range(10)])
    first = [record.value for record in kafka.consume(topic, group, limit=4)]
    assert kafka.get_group(group).lag == 6
    rest = [record.value for record in kafka.consume(topic, group)]
    assert sorted(first + rest) == sorted(str(number) for number in range(10))
    found = kafka.get_group(f"{ada.name}.{group}")
    assert f"{ada.name}.{group}" in {one.name for one in kafka.get_groups()}
    assert (found.state, found.members, found.lag) == ("empty", (), 0)
    assert [place.partition for place in found.partitions] == [0, 1]
    assert sum(place.offset or 0 for place in found.partitions) == 10


def test_a_group_is_sent_elsewhere_only_while_nobody_is_in_it(ada: headrace.Project) -> None:
    kafka = ada.get_kafka_api()
    topic = new_topic(ada)
    kafka.produce(topic, ["old"] * 5)
    kafka.produce(topic, ["new"] * 5)
    middle = kafka.browse(topic, offset=5)[0].time
    assert middle is not None
    group = unique("readers")
    reader = ada.consumer(topic, group)
    eventually(lambda: reader.poll(0.5), "a record")
    reader.commit(asynchronous=False)
    with pytest.raises(headrace.Conflict) as held:
        kafka.reset_offsets(group, topic, "earliest")
    assert held.value.code == "group-in-use"
    assert "ada" in held.value.message
    ((member),) = kafka.get_group(group).members
    assert member.partitions == (f"{topic}/0",)
    reader.close()
    for to, offset in (("latest", 10), ("earliest", 0), (3, 3), (middle, 5), (datetime(2100, 1, 1), 10)):
        (place,) = kafka.reset_offsets(group, topic, to).partitions
        assert (place.offset, place.lag) == (offset, 10 - offset)
    for to, code in ((11, "offset-out-of-range"), (-3, "offset-out-of-range"), ("sometime", "invalid-to")):
        with pytest.raises(headrace.Invalid) as wrong:
            kafka.reset_offsets(group, topic, to)
        assert wrong.value.code == code


def test_nobody_touches_the_group_of_another(served: Served, ada: headrace.Project) -> None:
    topic = new_topic(ada)
    ada.get_kafka_api().produce(topic, ["x"])
    assert len(list(ada.get_kafka_api().consume(topic, "ada"))) == 1
    with served.project("bob", ada.name) as bob:
        assert bob.get_kafka_api().get_group("ada").lag == 0
        with pytest.raises(headrace.Forbidden) as refused:
            bob.get_kafka_api().reset_offsets("ada", topic, "earliest")
        assert refused.value.code == "not-your-group"
        with pytest.raises(headrace.NotFound):
            bob.get_kafka_api().reset_offsets(unique(), topic, "earliest")
    with served.project("mallory", served.new_project("mallory", None)) as mallory:
        assert mallory.get_kafka_api().get_groups() == []
        for group in (f"{ada.name}.ada", "headrace.projector"):
            with pytest.raises(headrace.Forbidden) as foreign:
                mallory.get_kafka_api().get_group(group)
            assert foreign.value.code == "not-your-group"


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


def test_the_guide_to_topics_and_groups_does_what_it_shows(served: Served) -> None:
    samples = blocks(GUIDE, "python")
    assert len(samples) == 3
    with served.project("ada", served.new_project()) as project:
        names = {"project": project}
        for sample in samples:
            exec(compile(sample, GUIDE.name, "exec"), names)  # noqa: S102 - that is what samples are for
        report = project.get_kafka_api().get_group("report")
        assert ([place.offset for place in report.partitions], report.lag) == ([0, 0, 0], 2)
