"""The published schemas hold every message, and every example is one."""

import json

import fastavro
import pytest

from headrace_events.language import Command
from headrace_schemas.catalogue import FIRST_FREE_ID, HERE, MANIFEST, MESSAGES, Published, enter, published
from headrace_schemas.codec import MessageCodec, RecordCodec, ShippedSchemas
from headrace_schemas.draft import record
from headrace_schemas.errors import DoesNotFit, Undecodable, UnknownSchema
from headrace_schemas.framing import frame
from headrace_schemas.records import from_record

OF_MESSAGES = [entry for entry in published().values() if entry.message is not None]


def test_every_message_has_a_schema_and_every_schema_file_an_id() -> None:
    assert {entry.message for entry in OF_MESSAGES} == set(MESSAGES.values())
    assert enter() == []


def test_ids_are_fixed_below_those_given_out_at_run_time() -> None:
    ids = list(json.loads(MANIFEST.read_text()).values())
    assert len(set(ids)) == len(ids)
    assert 1 <= min(ids) <= max(ids) < FIRST_FREE_ID


@pytest.mark.parametrize("entry", published().values(), ids=lambda entry: entry.path)
def test_every_schema_is_avro(entry: Published) -> None:
    fastavro.parse_schema(entry.schema)


@pytest.mark.parametrize("entry", OF_MESSAGES, ids=lambda entry: entry.path)
def test_every_example_survives_the_way_to_bytes_and_back(entry: Published) -> None:
    assert entry.message is not None
    example = json.loads((HERE / entry.path.replace(".avsc", ".example.json")).read_text())
    message = from_record(entry.message, example)
    codec = MessageCodec()
    decode = codec.decode_command if issubclass(entry.message, Command) else codec.decode_event
    assert decode(codec.encode(message)) == message


@pytest.mark.parametrize("entry", OF_MESSAGES, ids=lambda entry: entry.path)
def test_the_newest_schema_says_what_the_class_says(entry: Published) -> None:
    assert entry.message is not None
    if any(other.message is entry.message and other.version > entry.version for other in OF_MESSAGES):
        return
    drafted = record(entry.message, set(), str(entry.schema["namespace"]))
    assert without_docs(drafted["fields"]) == without_docs(entry.schema["fields"])


@pytest.mark.parametrize("payload", [b"", b"\x00", b"\x01\x00\x00\x00\x01", b"not avro at all", frame(1)])
def test_bytes_that_are_no_message_are_undecodable(payload: bytes) -> None:
    with pytest.raises((Undecodable, UnknownSchema)):
        MessageCodec().decode_event(payload)


def test_bytes_left_over_are_no_message() -> None:
    codec = MessageCodec()
    entry = OF_MESSAGES[0]
    assert entry.message is not None
    example = json.loads((HERE / entry.path.replace(".avsc", ".example.json")).read_text())
    with pytest.raises(Undecodable):
        codec.decode_command(codec.encode(from_record(entry.message, example)) + b"x")


def test_a_record_that_does_not_fit_is_refused() -> None:
    records = RecordCodec(ShippedSchemas())
    with pytest.raises(DoesNotFit):
        records.encode(published_id("runs/metric.v1.avsc"), {"run": "r", "value": "not a number"})


def published_id(path: str) -> int:
    ids: dict[str, int] = json.loads(MANIFEST.read_text())
    return ids[path]


def without_docs(schema: object) -> object:
    """A sentence may get better; what it describes may not change."""
    if isinstance(schema, dict):
        return {key: without_docs(inner) for key, inner in schema.items() if key != "doc"}
    return [without_docs(inner) for inner in schema] if isinstance(schema, list) else schema
