"""Bytes that nobody meant for us: whatever they are, what comes of them is a value or an error of ours."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.mutations import mutated

from headrace_broker.envelopes import read_command, read_event
from headrace_broker.record import Record
from headrace_broker.results import ResultCodec
from headrace_events.errors import Refusal
from headrace_schemas.catalogue import HERE, published
from headrace_schemas.codec import MessageCodec, RecordCodec, ShippedSchemas
from headrace_schemas.errors import SchemaError
from headrace_schemas.framing import frame
from headrace_schemas.records import from_record

pytestmark = pytest.mark.fuzz

MESSAGES = MessageCodec()
RECORDS = RecordCodec(ShippedSchemas())
EXAMPLES = [
    MESSAGES.encode(
        from_record(entry.message, json.loads((HERE / entry.path.replace(".avsc", ".example.json")).read_text()))
    )
    for entry in published().values()
    if entry.message is not None
]
FRAMED = st.builds(lambda schema_id, body: frame(schema_id) + body, st.sampled_from(list(published())), st.binary())
PAYLOADS = st.one_of(st.binary(max_size=80), FRAMED, mutated(st.sampled_from(EXAMPLES)))
NAMES = ("ce_id", "headrace_actor", "headrace_expected_version", "headrace_seq", "headrace_version", "headrace_cause")
HEADERS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["1", "-1", "²", ""]) | st.text(max_size=8))


@given(PAYLOADS)
def test_any_bytes_are_a_message_or_an_error_of_ours(payload: bytes) -> None:
    for decode in (MESSAGES.decode_command, MESSAGES.decode_event, RECORDS.decode, ResultCodec().decode):
        with suppress(SchemaError):
            decode(payload)


@given(PAYLOADS)
def test_what_is_a_message_is_the_same_one_when_it_is_written_again(payload: bytes) -> None:
    for decode in (MESSAGES.decode_command, MESSAGES.decode_event):
        with suppress(SchemaError):
            message = decode(payload)
            # By its text, for a number in it may be no number, which equals nothing.
            assert repr(decode(MESSAGES.encode(message))) == repr(message)


@given(st.none() | PAYLOADS, HEADERS)
def test_any_record_is_a_command_or_an_event_or_an_error_of_ours(value: bytes | None, headers: dict[str, str]) -> None:
    record = Record(topic="t", topic_id="t", partition=0, offset=0, key=b"k", value=value, headers=headers)
    with suppress(SchemaError, Refusal):
        read_command(record, MESSAGES)
    with suppress(SchemaError):
        read_event(record, MESSAGES)
