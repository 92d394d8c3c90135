"""Predictions and outcomes in one form."""

import contextlib
import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_broker.record import Entry, Record
from headrace_processors.observer.errors import Unusable
from headrace_processors.observer.observation import Normaliser, milliseconds
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas

CODEC = RecordCodec(ShippedSchemas())
PREDICTION = schema_id("predictions/prediction.v1.avsc")
OUTCOME = schema_id("outcomes/outcome.v1.avsc")
NOON = datetime(2013, 7, 1, 12, tzinfo=UTC)
NORMALISER = Normaliser()


def record(value: bytes | None, offset: int = 5) -> Record:
    return Record(
        topic="flights.predictions",
        topic_id="T",
        partition=0,
        offset=offset,
        key=b"r/0",
        value=value,
        timestamp=1_700_000_000_123,
    )


def prediction(**changes: Any) -> Record:
    fields: dict[str, Any] = {
        "inference_id": "r/0",
        "deployment": "delays",
        "model": "delay",
        "model_version": 2,
        "event_time": NOON,
        "received": NOON,
        "latency_ms": 3.5,
        "actor": "user:bob",
        "entity": {"flight": "1"},
        "numbers": {"wind": 3.0, "visibility": None},
        "texts": {"carrier": "UA"},
        "prediction": 0.25,
        "error": None,
    }
    return record(CODEC.encode(PREDICTION, {**fields, **changes}))


def outcome(value: float, event_time: datetime | None = None) -> Record:
    return record(CODEC.encode(OUTCOME, {"inference_id": "r/0", "outcome": value, "event_time": event_time}))


def read(entry: Entry) -> dict[str, Any]:
    assert entry.value is not None
    return CODEC.decode(entry.value)


def test_a_prediction_keeps_its_event_time_and_every_number() -> None:
    observed = read(NORMALISER.prediction("flights", prediction()))
    assert observed["event_time_ms"] == 1_372_680_000_000
    assert observed["values"] == {"wind": 3.0, "visibility": None, "@prediction": 0.25, "@latency_ms": 3.5}
    assert (observed["deployment"], observed["model"], observed["model_version"]) == ("delays", "delay", 2)
    assert observed["source"] == "T:0:5"
    assert observed["failed"] is False


def test_the_key_is_what_the_record_says_and_not_where_it_lies() -> None:
    one = NORMALISER.prediction("flights", prediction())
    assert one.key is not None
    assert json.loads(one.key) == {"project": "flights", "kind": "prediction", "inference_id": "r/0"}
    assert NORMALISER.outcome("flights", outcome(1.0)).key != one.key


def test_numbers_that_are_not_finite_are_missing() -> None:
    observed = read(NORMALISER.prediction("flights", prediction(numbers={"a": math.nan, "b": -math.inf, "c": 1.0})))
    assert observed["values"] == {"a": None, "b": None, "c": 1.0, "@prediction": 0.25, "@latency_ms": 3.5}


def test_a_failed_prediction_is_observed_as_failed() -> None:
    observed = read(NORMALISER.prediction("flights", prediction(prediction=None, error="no replica")))
    assert observed["failed"] is True
    assert observed["values"]["@prediction"] is None


def test_an_outcome_without_a_time_is_known_since_the_log_took_it() -> None:
    assert read(NORMALISER.outcome("flights", outcome(1.0)))["event_time_ms"] == 1_700_000_000_123
    assert read(NORMALISER.outcome("flights", outcome(1.0, NOON)))["event_time_ms"] == 1_372_680_000_000


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_an_outcome_that_is_not_finite_is_unusable(value: float) -> None:
    with pytest.raises(Unusable, match="finite"):
        NORMALISER.outcome("flights", outcome(value))


@pytest.mark.parametrize("value", [None, b"", b"\0", b"not framed", b"\0\0\0\0\x4d\xff", b"\0\0\0\0\x01\x00"])
def test_bytes_that_are_no_outcome_are_unusable(value: bytes | None) -> None:
    with pytest.raises(Unusable):
        NORMALISER.outcome("flights", record(value))


def test_a_prediction_is_no_outcome() -> None:
    with pytest.raises(Unusable, match="schema"):
        NORMALISER.outcome("flights", prediction())


@given(st.binary(max_size=60))
def test_no_bytes_whatever_break_the_normaliser(value: bytes) -> None:
    with contextlib.suppress(Unusable):
        NORMALISER.prediction("flights", record(b"\0" + PREDICTION.to_bytes(4) + value))


@given(st.integers(-(10**12), 10**14))
def test_milliseconds_are_rounded_down(micros: int) -> None:
    moment = datetime.fromtimestamp(0, UTC) + (datetime.resolution * micros)
    assert milliseconds(moment) == micros // 1000
