"""Whatever lies on a topic is shown, decoded or as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Message
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sdk.answering import Answering, answering

import headrace
from headrace._http import Api
from headrace._kafka_record import Reading
from headrace._schemas import Schemas

NODE = {
    "type": "record",
    "name": "Node",
    "fields": [
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "text", "type": "string"},
        {"name": "next", "type": ["null", "Node"], "default": None},
    ],
}
HEAD = b"\0\0\0\x27\x10"


@pytest.fixture(scope="module")
def server() -> Iterator[Answering]:
    """A registry that has one schema, under every id."""
    with answering((200, {"schema": json.dumps(NODE)})) as running:
        yield running


@pytest.fixture(scope="module")
def reading(server: Answering) -> Iterator[Reading]:
    with Api(server.url, "key", patience=0.1) as api:
        yield Reading(Schemas(api, "flights"))


def message(value: bytes | None, key: bytes | None = None) -> Message:
    return Message(
        topic="flights.topics.clicks",
        partition=2,
        offset=7,
        key=key,
        value=value,
        headers=[("trace", b"x"), ("odd", b"\xff"), ("none", None)],
        timestamp=(TIMESTAMP_LOG_APPEND_TIME, 1_500),
    )


def test_a_framed_record_is_decoded(reading: Reading) -> None:
    record = reading.record(message(HEAD + b"\x80\x89\x7a" + b"\x04hi" + b"\0", b"k"))
    assert record.value == {"at": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "text": "hi", "next": None}
    assert (record.partition, record.offset, record.key, record.error) == (2, 7, "k", None)
    assert record.time == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    assert record.headers == {"trace": "x", "odd": "/w==", "none": ""}
    assert record.to_json()["value"] == {"at": "1970-01-01T00:00:01+00:00", "text": "hi", "next": None}


def test_text_is_text_and_nothing_is_a_tombstone(reading: Reading) -> None:
    assert reading.record(message(b'{"a": 1}')).value == '{"a": 1}'
    gone = reading.record(message(None))
    assert (gone.value, gone.error, gone.raw) == (None, None, None)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff\xfe", "neither Avro nor text"),
        (b"\0", "framing"),
        (HEAD, "does not follow"),
        (HEAD + b"\0\x04hi\0more", "left over"),
        (HEAD + b"\xff" * 9 + b"\x01", "does not follow"),
        (HEAD + b"\0\x80\x80\x80\x80\x80\x80\x80\x01", "does not follow"),
        (HEAD + b"\0\0\x02" * 5_000, "does not follow"),
    ],
)
def test_what_cannot_be_decoded_says_why_and_is_shown_as_it_is(reading: Reading, payload: bytes, reason: str) -> None:
    record = reading.record(message(payload))
    assert record.value is None
    assert reason in (record.error or "")
    assert record.raw == payload
    json.dumps(record.to_json())


@given(
    payload=st.binary(max_size=60) | st.binary(max_size=60).map(lambda rest: HEAD + rest),
    key=st.none() | st.binary(max_size=9),
)
def test_any_bytes_at_all_are_shown(reading: Reading, payload: bytes, key: bytes | None) -> None:
    record = reading.record(message(payload, key))
    json.dumps(record.to_json())
    assert (record.value is None) == (record.error is not None)


def test_a_schema_that_is_not_to_be_had_is_asked_for_once() -> None:
    missing = (404, {"error_code": 40403, "message": "Schema 10000 not found"})
    with answering(missing) as server, Api(server.url, "key", patience=0.1) as api:
        reading = Reading(Schemas(api, "flights"))
        errors = {reading.record(message(HEAD + tail)).error for tail in (b"a", b"b", b"c")}
        assert errors == {"Schema 10000 not found"}
        assert len(server.asked) == 1


def test_a_registry_that_is_away_is_no_fault_of_the_record() -> None:
    away = (503, {"code": "unavailable", "message": "away"})
    with answering(away) as server, Api(server.url, "key", patience=0.1) as api, pytest.raises(headrace.Unavailable):
        Reading(Schemas(api, "flights")).record(message(HEAD + b"a"))


def test_a_schema_that_makes_no_sense_here_is_said_so() -> None:
    with answering((200, {"schema": '{"type": "nonsense"}'})) as server, Api(server.url, "key", patience=0.1) as api:
        assert "cannot be used" in (Reading(Schemas(api, "flights")).record(message(HEAD + b"a")).error or "")
