"""What is taken back with a streaming feature group: all of its own, and nothing of another's."""

from __future__ import annotations

from headrace_broker.record import Entry, Record
from headrace_broker.topics import READINGS, TICKS
from headrace_processors.streams.forgetting import of_definition, tombstones

GONE = b'{"project":"shop","feature_group":"shares.1"}'
READING = b'{"project":"shop","feature_group":"shares.1","source_key":"02","time_us":3,"source_offset":4}'
TICK = b'{"project":"shop","feature_group":"shares.1","end_us":7}'


def record(topic: str, key: bytes, value: bytes | None = b"value") -> Record:
    return Record(topic=topic, topic_id="t", partition=0, offset=0, key=key, value=value)


def test_every_key_says_which_definition_it_belongs_to() -> None:
    assert {of_definition(key) for key in (GONE, READING, TICK)} == {GONE}


def test_all_that_belongs_to_it_is_taken_back_once() -> None:
    others = [
        record(TICKS, TICK.replace(b"shares.1", b"shares.11")),
        record(TICKS, TICK.replace(b"shop", b"shopping")),
        record(READINGS, READING, None),
    ]
    assert tombstones([record(READINGS, READING), record(TICKS, TICK), *others], {GONE}) == [
        Entry(topic=READINGS, key=READING, value=None),
        Entry(topic=TICKS, key=TICK, value=None),
    ]
