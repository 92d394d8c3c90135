"""The observer on a real log: observations, dead letters and references."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge
from tests.integration.clients import connection, eventually
from tests.integration.monitored import CODEC, Monitored
from tests.integration.platform import Platform

from headrace_broker.admin import Admin
from headrace_broker.artifacts import Artifacts
from headrace_broker.errors import BrokerError
from headrace_broker.follower import LEAVING_MS, Follower, Partition
from headrace_broker.record import Entry, Record
from headrace_broker.topics import OBSERVATIONS, REFERENCES
from headrace_compose.supervision import Supervisor
from headrace_events.monitor import CreateMonitor
from headrace_events.project import DeleteProject
from headrace_processors.observer.session import Measures, Session
from headrace_projections.monitoring.reference import Reference, ReferenceCodec

JULY = datetime(2013, 7, 1, tzinfo=UTC)


@pytest.fixture(autouse=True, scope="module")
def _alone(platform: Platform) -> Iterator[None]:
    """Stop the observer that other tests may have started, for it would end ours, and start it again for them."""
    supervisor = Supervisor(platform.stack.site.home)
    running = supervisor.running().get("observer")
    if running is None or running.pid is None:
        yield
        return
    supervisor.halt("observer")
    yield
    platform.stack.stack.up(["observer"], report=print)


@contextmanager
def observing(platform: Platform) -> Iterator[Session]:
    registry = CollectorRegistry()
    measures = Measures(
        observed=Counter("observed", "x", registry=registry),
        dead_letters=Counter("dead", "x", ("project",), registry=registry),
        lost=Gauge("lost", "x", registry=registry),
    )
    artifacts = Artifacts.at(platform.stack.site.storage_url)
    session = Session(connection(platform.stack, "observer"), artifacts, measures)
    try:
        yield session
    finally:
        session.close()


def run(session: Session) -> None:
    """Until everything that was there has been read."""
    eventually(lambda: (session.step(0.1) == 0 and session.caught_up()) or None, "the observer to catch up", 60)


def records(platform: Platform, topic: str) -> list[Record]:
    found = Admin(connection(platform.stack, "broker")).topic_ids([topic])
    follower = Follower(connection(platform.stack, "broker"), wait_ms=LEAVING_MS)
    follower.follow({Partition(topic, found[topic][0], 0): 0})
    held: list[Record] = []
    while not follower.at_end():
        held += follower.poll(seconds=1.0).records
    follower.close()
    return held


def observations(of: Monitored) -> list[dict[str, Any]]:
    found = [CODEC.decode(record.value) for record in records(of.platform, OBSERVATIONS) if record.value is not None]
    return [observation for observation in found if observation["project"] == of.project]


def reference(of: Monitored) -> list[Reference]:
    there = [record.value for record in records(of.platform, REFERENCES) if record.value is not None]
    found = [ReferenceCodec().decode(value) for value in there]
    return [one for one in found if one.project == of.project]


def test_each_prediction_and_outcome_is_observed_once_over_several_sessions(platform: Platform) -> None:
    of = Monitored.of(platform, JULY)
    of.write([of.predicted(f"a/{row}", row / 100, 3.0) for row in range(100)])
    with observing(platform) as session:
        run(session)
    of.write([of.known(f"a/{row}", 1.0) for row in range(100)])
    with observing(platform) as session:
        run(session)
    with observing(platform) as session:
        run(session)
    seen = [(one["kind"], one["inference_id"]) for one in observations(of)]
    assert sorted(seen) == sorted((kind, f"a/{row}") for kind in ("prediction", "outcome") for row in range(100))


def test_a_new_session_ends_the_one_before_it(platform: Platform) -> None:
    of = Monitored.of(platform, JULY)
    with observing(platform) as first:
        run(first)
        with observing(platform) as second:
            of.write([of.predicted("a/0", 0, 1.0)])
            run(second)
            of.write([of.predicted("a/1", 0, 1.0)])
            with pytest.raises(BrokerError):
                run(first)
    with observing(platform) as third:
        run(third)
    assert sorted(one["inference_id"] for one in observations(of)) == ["a/0", "a/1"]


def test_what_is_no_outcome_becomes_a_dead_letter_and_the_rest_goes_on(platform: Platform) -> None:
    of = Monitored.of(platform, JULY)
    bad = [
        Entry(topic=f"{of.project}.outcomes", key=b"x", value=b"not avro"),
        Entry(topic=f"{of.project}.outcomes", key=b"y", value=None),
        of.known("a/2", float("nan")),
    ]
    of.write([of.known("a/1", 1.0), *bad, of.known("a/3", 0.0)])
    with observing(platform) as session:
        run(session)
    dead = records(platform, f"{of.project}.deadletters")
    assert [letter.value for letter in dead] == [b"not avro", None, bad[2].value]
    assert all(letter.headers["projection"] == "observer" and letter.headers["error"] for letter in dead)
    assert [one["inference_id"] for one in observations(of)] == ["a/1", "a/3"]


def test_a_monitor_gets_bins_of_its_training_data_once(platform: Platform) -> None:
    of = Monitored.of(platform, JULY)
    of.watch(bins=8)
    for _ in range(2):
        with observing(platform) as session:
            run(session)
    (made,) = reference(of)
    wind = of.training["wind"]
    edges = np.unique(np.quantile(wind, np.linspace(0, 1, 9)[1:-1]))
    assert made.edges["wind"] == tuple(edges)
    assert made.counts["wind"] == tuple(np.bincount(np.searchsorted(edges, wind), minlength=8))
    assert made.missing["visibility"] == int(np.isnan(of.training["visibility"]).sum())
    assert sum(made.counts["visibility"]) + made.missing["visibility"] == made.rows == 2_000
    assert made.edges["@prediction"] == tuple(step / 8 for step in range(1, 8))
    assert "@prediction" not in made.counts
    assert made.window_seconds == 86_400
    assert made.problem is None


def test_training_data_that_was_tampered_with_is_said_to_be_a_problem(platform: Platform) -> None:
    of = Monitored.of(platform, JULY)
    artifacts = Artifacts.at(platform.stack.site.storage_url)
    folder = f"{artifacts.root}/artifacts/{of.project}"
    (path,) = artifacts.files.find(folder)
    with artifacts.files.open(path, "wb") as file:
        file.write(b"other bytes")
    of.platform.send(CreateMonitor(project=of.project, deployment="delays"), of.owner)
    with observing(platform) as session:
        run(session)
    (made,) = reference(of)
    assert made.problem is not None
    assert "other bytes" in made.problem
    assert set(made.edges) == {"@prediction", "@latency_ms"}


def test_keys_are_what_flink_reads(platform: Platform) -> None:
    of = Monitored.of(platform, JULY)
    of.write([of.known("a/1", 1.0)])
    with observing(platform) as session:
        run(session)
    keys = [json.loads(record.key or b"") for record in records(platform, OBSERVATIONS)]
    assert {"project": of.project, "kind": "outcome", "inference_id": "a/1"} in keys


def test_what_was_observed_of_a_deleted_project_is_taken_back_once(platform: Platform) -> None:
    of, other = Monitored.of(platform, JULY), Monitored.of(platform, JULY)
    of.write([of.predicted(f"a/{row}", row / 100, 3.0) for row in range(10)])
    of.write([of.known(f"a/{row}", 1.0) for row in range(10)])
    other.write([other.known("a/1", 1.0)])
    with observing(platform) as session:
        run(session)
    platform.send(DeleteProject(project=of.project), of.owner)
    for _ in range(2):
        with observing(platform) as session:
            run(session)
    written = [
        record for record in records(platform, OBSERVATIONS) if json.loads(record.key or b"")["project"] == of.project
    ]
    assert [record.value for record in written[20:]] == [None] * 20
    assert {record.key for record in written[:20]} == {record.key for record in written[20:]}
    assert [one["inference_id"] for one in observations(other)] == ["a/1"]
