"""Acts as bytes."""

from __future__ import annotations

import json

import pytest

from headrace_broker.audit import Act, ActCodec, Outcome
from headrace_events.ids import CommandId, Micros
from headrace_schemas.catalogue import HERE, schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas
from headrace_schemas.errors import SchemaError

ACT = Act(
    at=Micros(1_784_894_400_000_123),
    actor="user:bob",
    act="feature_group.create",
    outcome=Outcome.REFUSED,
    code="owners-only",
    message="for Data Owners",
    project="flights",
    subject="feature_group/weather",
    address="192.0.2.7",
    command=CommandId("0190163d-8694-739b-aea5-966c26f8ad90"),
    count=3,
    details={"method": "POST"},
)


def test_an_act_survives_its_bytes_and_lies_with_its_project() -> None:
    entry = ActCodec().entry(ACT)
    assert entry.key == b"flights"
    assert entry.value is not None
    assert ActCodec().act(entry.value) == ACT


def test_an_entry_of_the_first_version_is_still_an_act() -> None:
    record = {
        "time": ACT.at,
        "actor": "user:bob",
        "action": "topic.create",
        "project": None,
        "outcome": "refused",
        "code": "owners-only",
        "message": "no",
        "command_id": None,
    }
    payload = RecordCodec(ShippedSchemas()).encode(schema_id("audit/entry.v1.avsc"), record)
    act = ActCodec().act(payload)
    assert (act.at, act.act, act.subject, act.address, act.count) == (ACT.at, "topic.create", "", None, 1)


def test_the_example_is_an_act() -> None:
    example = json.loads((HERE / "audit" / "entry.v2.example.json").read_text())
    payload = RecordCodec(ShippedSchemas()).encode(schema_id("audit/entry.v2.avsc"), example)
    assert ActCodec().act(payload).address == "192.0.2.7"


def test_a_text_without_end_is_cut() -> None:
    entry = ActCodec().entry(
        Act(at=Micros(0), actor="a" * 5_000, act="x", outcome=Outcome.REFUSED, message="m" * 9_999)
    )
    assert len(entry.value or b"") < 2_100


@pytest.mark.parametrize("payload", [b"", b"junk", b"\0\0\0\0\x01"])
def test_what_is_no_act_is_refused(payload: bytes) -> None:
    with pytest.raises(SchemaError):
        ActCodec().act(payload)
