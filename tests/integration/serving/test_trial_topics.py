"""Trials that read topics, on real brokers: what a worker's certificate opens, and that it ends with the run."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError
from tests.integration.api.test_revocation import refusal
from tests.integration.clients import eventually
from tests.integration.processors.test_provisioning import can_read
from tests.integration.sdk.test_sandbox import with_clicks
from tests.integration.served import Served
from tests.integration.serving.flights import Flights
from tests.integration.serving.test_experiments import pid_of

from headrace import Certificate, HyperparameterOptConfig, Searchspace, experiment

pytestmark = pytest.mark.timeout(600)  # the first test of a session starts Ray, which takes a minute on busy cores

READING = HyperparameterOptConfig(
    num_trials=1, searchspace=Searchspace(x=("DISCRETE", [1])), optimizer="randomsearch", name="r", reads_topics=True
)


def reader(rival: str) -> Callable[..., float]:
    """A training function that reads clicks, tries other doors, and gives its certificate away."""

    def read(project: Any, reporter: Any) -> float:
        import json
        import time

        import confluent_kafka

        def first(topic: str) -> Any:
            consumer = project.consumer(topic)
            until = time.monotonic() + 60
            try:
                while time.monotonic() < until:
                    message = consumer.poll(0.5)
                    if message is not None:
                        return message.error().name() if message.error() else consumer.decode(message)
            except confluent_kafka.KafkaException as error:
                return error.args[0].name()
            finally:
                consumer.close()
            return "nothing came"

        def written(topic: str) -> Any:
            said: list[Any] = []
            producer = confluent_kafka.Producer({**project._connection, "message.timeout.ms": 30_000})
            producer.produce(topic, b"x", on_delivery=lambda error, _: said.append(error.name() if error else None))
            producer.flush(40)
            return said

        clicks = project.topic_name("clicks")
        found = [first("clicks"), first(rival), written(clicks), written(f"{project.name}.runs")]
        reporter.log("found " + json.dumps(found))
        reporter.log("given " + json.dumps({**project._connection, "group.id": project._group_prefix + "away"}))
        return 1.0

    return read


def told(shown: list[str], word: str) -> Any:
    """What the trial said after that word, in its log."""
    (line,) = [line for line in shown if f"{word} " in line and line.startswith("[worker-")]
    return json.loads(line.partition(f"{word} ")[2])


def workers(served: Served, project: str) -> list[Certificate]:
    """The certificates of workers in that project, the first to be asked for first."""
    with served.administrator() as administrator:
        found = administrator.get_certificates_api().get_certificates(project=project)
    return sorted((one for one in found if one.run is not None), key=lambda one: one.generation)


def test_a_scientist_s_run_reads_what_they_cannot_in_a_sensitive_project_and_nobody_does_afterwards(
    flights: Flights, tmp_path: Path
) -> None:
    served = flights.served
    name, rival = served.new_project(), served.new_project("mallory", None)
    own = served.platform.member_connection(name, "bob", tmp_path / "bob")
    with served.project("ada", name) as ada, served.project("mallory", rival) as mallory:
        topic, theirs = with_clicks(ada), with_clicks(mallory)
        ada.mark_sensitive()
        shown: list[str] = []
        with served.project("bob", name) as bob:
            result = experiment.lagom(reader(theirs), READING, project=bob, show=shown.append, timeout=150)
        assert result.failed == 0, shown
        refused = "TOPIC_AUTHORIZATION_FAILED"
        assert told(shown, "found") == [{"page": "/"}, refused, [refused], [refused]]
        assert not can_read(own, topic)
        (certificate,) = workers(served, name)
        assert (certificate.user, certificate.run, certificate.rung) == ("bob", f"{result.study}/0", 0)
        kept = Consumer({**told(shown, "given"), "auto.offset.reset": "earliest"})
        kept.subscribe([topic])
        error = eventually(lambda: refusal(kept), "the certificate to be refused")
        kept.close()
        assert error.code() in {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}

        def revoked() -> bool | None:
            return (
                True
                if [(one.state, one.reason) for one in workers(served, name)] == [("revoked", "run-ended")]
                else None
            )

        eventually(revoked, "the certificate to be revoked")


def until_cut_off(project: Any) -> float:
    """Read until the brokers refuse it."""
    import confluent_kafka

    consumer = project.consumer("clicks")
    try:
        while True:
            message = consumer.poll(0.5)
            if message is not None and message.error():
                return float(message.error().code() == confluent_kafka.KafkaError.TOPIC_AUTHORIZATION_FAILED)
    except confluent_kafka.KafkaException:
        return 2.0
    finally:
        consumer.close()


def test_a_run_is_cut_off_with_its_driver_and_with_the_membership_of_who_asked(flights: Flights) -> None:
    served = flights.served
    name = served.new_project()
    with served.project("ada", name) as ada, served.project("bob", name) as bob:
        with_clicks(ada)
        study = experiment.start(until_cut_off, READING, project=bob)

        def standing(*wanted: tuple[str, str | None]) -> Callable[[], bool | None]:
            return lambda: True if [(one.state, one.reason) for one in workers(served, name)] == [*wanted] else None

        eventually(standing(("valid", None)), "the worker's certificate", 60)
        os.kill(pid_of(flights, "studies"), signal.SIGKILL)
        eventually(standing(("revoked", "run-ended"), ("valid", None)), "the next worker's certificate", 120)
        ada.get_members_api().remove_member("bob")
        eventually(standing(("revoked", "run-ended"), ("revoked", "member-removed")), "the end of that, too", 60)
        path = f"/api/projects/{name}/studies/{study.id}"

        def ended() -> Any:
            answer = served.ask("GET", path).json()
            return answer if answer["study"]["phase"] == "completed" else None

        (trial,) = eventually(ended, "the trial to notice", 120)["trials"]
        assert trial["metrics"] or "AUTHORIZATION" in trial["reason"], trial
