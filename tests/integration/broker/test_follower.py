"""Waiting for records: a question that the brokers hold back costs no time where there is something to tell."""

from __future__ import annotations

import time
import uuid

from tests.integration.clients import connection
from tests.integration.stack import RunningStack

from headrace_broker.admin import Admin
from headrace_broker.follower import Follower, Partition
from headrace_broker.record import Entry
from headrace_broker.topics import TopicSpec
from headrace_broker.transactions import TransactionalWriter

HELD_BACK_MS = 50_000
SOON_S = 25.0


def test_a_commit_answers_the_question_that_the_brokers_hold_back(stack: RunningStack) -> None:
    as_broker = connection(stack, "broker")
    topic = f"follower-{uuid.uuid4()}"
    (opened,) = Admin(as_broker).create_topics([TopicSpec(name=topic, purpose="test")])
    writer = TransactionalWriter(as_broker, topic)
    follower = Follower(as_broker, wait_ms=HELD_BACK_MS)
    _commit(writer, topic, b"first")
    follower.follow({Partition(topic, opened.topic_id, 0): 0})
    assert _next(follower) == [b"first"]
    for text in (b"second", b"third"):  # the follower has asked for what comes after, and there is nothing
        _commit(writer, topic, text)
        assert _next(follower) == [text]
    follower.close()


def _commit(writer: TransactionalWriter, topic: str, text: bytes) -> None:
    writer.begin()
    writer.write([Entry(topic=topic, key=b"k", value=text)])
    writer.commit_alone()


def _next(follower: Follower) -> list[bytes | None]:
    """The values of the next records; none if they do not come soon."""
    deadline = time.monotonic() + SOON_S
    while time.monotonic() < deadline:
        batch = follower.poll(seconds=0.2)
        if batch.records:
            return [record.value for record in batch.records]
    return []
