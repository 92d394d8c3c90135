"""What holds for every log, in memory and on Kafka alike."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from tests.integration.clients import connection
from tests.integration.stack import RunningStack

from headrace_broker.admin import Admin
from headrace_broker.errors import BrokerError
from headrace_broker.follower import Follower, Partition
from headrace_broker.memory import MemoryLog
from headrace_broker.ports import Reader, Writer
from headrace_broker.record import Entry, Record
from headrace_broker.topics import TopicSpec
from headrace_broker.transactions import TransactionalWriter


@dataclass(frozen=True)
class Log:
    """A log under test, with one topic of its own."""

    where: Partition
    writer: Callable[[str], Writer]
    reader: Callable[[], Reader]


@pytest.fixture(params=["memory", "kafka"])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    """Both kinds of log."""
    topic = f"contract-{uuid.uuid4()}"
    if request.param == "memory":
        memory = MemoryLog()
        memory.create(topic)
        yield Log(memory.partition(topic), memory.writer, memory.reader)
        return
    stack: RunningStack = request.getfixturevalue("stack")
    as_broker = connection(stack, "broker")
    (opened,) = Admin(as_broker).create_topics([TopicSpec(name=topic, purpose="test")])
    readers: list[Follower] = []

    def reader() -> Reader:
        readers.append(Follower(as_broker))
        return readers[-1]

    yield Log(Partition(topic, opened.topic_id, 0), lambda name: TransactionalWriter(as_broker, topic + name), reader)
    for one in readers:
        one.close()


def entry(log: Log, text: str) -> Entry:
    return Entry(topic=log.where.topic, key=b"k", value=text.encode(), headers={"name": text})


def read_all(reader: Reader) -> list[Record]:
    """Everything up to the end."""
    deadline = time.monotonic() + 20
    records: list[Record] = []
    while True:
        batch = reader.poll(seconds=0.2)
        records += batch.records
        if reader.at_end():
            return records
        assert time.monotonic() < deadline, "the end was not reached"


def texts(records: list[Record]) -> list[str]:
    return [(record.value or b"").decode() for record in records]


def test_committed_records_are_read_in_order_with_their_headers(log: Log) -> None:
    writer = log.writer("a")
    for text in ("one", "two"):
        writer.begin()
        writer.write([entry(log, text)])
        writer.commit_alone()
    reader = log.reader()
    reader.follow({log.where: 0})
    records = read_all(reader)
    assert texts(records) == ["one", "two"]
    assert [record.headers for record in records] == [{"name": "one"}, {"name": "two"}]
    assert {record.topic_id for record in records} == {log.where.topic_id}


def test_the_end_of_a_transaction_takes_an_offset_of_its_own(log: Log) -> None:
    writer = log.writer("a")
    offsets = []
    for text in ("one", "two"):
        writer.begin()
        offsets += writer.write([entry(log, text)])
        writer.commit_alone()
    assert offsets == [0, 2]
    reader = log.reader()
    reader.follow({log.where: 0})
    assert [record.offset for record in read_all(reader)] == offsets
    assert reader.end(log.where) == 4


def test_aborted_records_are_never_read(log: Log) -> None:
    writer = log.writer("a")
    writer.begin()
    writer.write([entry(log, "lost")])
    writer.abort()
    writer.begin()
    writer.write([entry(log, "kept")])
    writer.commit_alone()
    reader = log.reader()
    reader.follow({log.where: 0})
    assert texts(read_all(reader)) == ["kept"]


def test_a_reader_goes_on_from_the_offset_it_is_given(log: Log) -> None:
    writer = log.writer("a")
    writer.begin()
    writer.write([entry(log, text) for text in "abc"])
    writer.commit_alone()
    reader = log.reader()
    reader.follow({log.where: 2})
    assert texts(read_all(reader)) == ["c"]


def test_the_position_moves_past_markers_and_aborted_records(log: Log) -> None:
    writer = log.writer("a")
    writer.begin()
    writer.write([entry(log, "lost")])
    writer.abort()
    reader = log.reader()
    reader.follow({log.where: 0})
    ends: dict[Partition, int] = {}
    deadline = time.monotonic() + 20
    while not reader.at_end():
        ends |= reader.poll(seconds=0.2).ends
        assert time.monotonic() < deadline
    assert ends == {log.where: 2}


def test_a_new_writer_fences_the_one_before_it(log: Log) -> None:
    old = log.writer("a")
    old.begin()
    old.write([entry(log, "zombie")])
    new = log.writer("a")
    with pytest.raises(BrokerError):
        old.commit_alone()
    new.begin()
    new.write([entry(log, "alive")])
    new.commit_alone()
    reader = log.reader()
    reader.follow({log.where: 0})
    assert texts(read_all(reader)) == ["alive"]


def test_nothing_behind_an_open_transaction_is_read(log: Log) -> None:
    slow, quick = log.writer("slow"), log.writer("quick")
    slow.begin()
    slow.write([entry(log, "first")])
    quick.begin()
    quick.write([entry(log, "second")])
    quick.commit_alone()
    reader = log.reader()
    reader.follow({log.where: 0})
    assert texts(reader.poll(seconds=1.0).records) == []
    slow.commit_alone()
    deadline = time.monotonic() + 20
    seen: list[str] = []
    while len(seen) < 2:
        seen += texts(reader.poll(seconds=0.2).records)
        assert time.monotonic() < deadline
    assert seen == ["first", "second"]


def test_writing_to_a_topic_that_does_not_exist_is_refused_at_once(log: Log) -> None:
    writer = log.writer("a")
    writer.begin()
    began = time.monotonic()
    with pytest.raises(BrokerError):
        writer.write([Entry(topic="no-such-topic", key=None, value=b"x")])
    assert time.monotonic() - began < 6
