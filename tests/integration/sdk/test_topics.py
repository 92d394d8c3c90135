"""Kafka clients of a project, configured in one line."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import confluent_kafka
import pytest
from tests.integration.clients import eventually
from tests.integration.served import Served
from tests.integration.stack import CACHE

import headrace
from headrace_compose import jars
from headrace_compose.services.kafka import SOURCE


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
