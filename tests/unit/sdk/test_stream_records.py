"""Which rows come of the records of a topic."""

from __future__ import annotations

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from headrace import KafkaRecord, StreamRefusal
from headrace._insert_stream import stopping
from headrace._stream_records import RowMaker, Transform
from headrace_events.row_schema import Column, row_schema

AT = datetime(2013, 1, 1, 5, tzinfo=UTC)
TYPES = {"id": "string", "at": "timestamp", "price": "decimal(9,2)", "raw": "binary", "day": "date"}
SCHEMA = json.loads(row_schema("shop", "things", 1, [Column(name=n, type=t) for n, t in TYPES.items()], ("id", "at")))
GOOD = {"id": "good"}


def record(value: Any, offset: int = 0, error: str | None = None) -> KafkaRecord:
    return KafkaRecord(
        topic="shop.topics.t", partition=3, offset=offset, time=AT, key="k", value=value, headers={}, error=error
    )


def taken(*values: Any, transform: Transform | None = None) -> tuple[list[Any], list[StreamRefusal], int]:
    """Rows, refusals and how many records were skipped."""
    maker = RowMaker(SCHEMA, transform)
    found = maker.rows([record(value, offset) for offset, value in enumerate(values)])
    assert len(found.rows) == len(found.sources)
    return found.rows, found.refused, len(found.skipped)


def test_a_record_of_avro_is_a_row_as_it_is() -> None:
    row = {"id": "a", "at": AT, "price": Decimal("1.50"), "raw": b"\xff", "day": AT.date()}
    assert taken(row) == ([row], [], 0)


def test_texts_in_json_become_what_the_columns_hold() -> None:
    text = '{"id": "a", "at": "2013-01-01T07:00:00+02:00", "price": "1.50", "raw": "/w==", "day": "2013-01-01"}'
    (row,), refused, _ = taken(text)
    assert (row, refused) == (
        {"id": "a", "at": AT, "price": Decimal("1.50"), "raw": b"\xff", "day": AT.date()},
        [],
    )


def test_a_function_makes_one_row_several_or_none_of_a_record() -> None:
    def halves(found: KafkaRecord) -> Any:
        match found.value["n"]:
            case 0:
                return None
            case 1:
                return {"id": found.key, "at": found.time}
        return ({"id": f"{half}", "at": AT} for half in range(2))

    rows, refused, skipped = taken('{"n": 0}', '{"n": 1}', {"n": 2}, transform=halves)
    assert [row["id"] for row in rows] == ["k", "0", "1"]
    assert (refused, skipped, rows[0]["at"]) == ([], 1, AT)


@pytest.mark.parametrize(
    ("value", "transform", "reason"),
    [
        ("no json", None, "neither framed Avro nor JSON"),
        ("[1, 2]", None, "a list is no row"),
        ("5", None, "a int is no row"),
        (b"bytes", None, "a bytes is no row"),
        ('{"at": "soon"}', None, "does not fit the group"),
        ({}, lambda found: found.value["missing"], "the function raised KeyError: 'missing'"),
        ({}, lambda found: [1], "a list is no row"),
        ({}, lambda found: "text", "a str is no row"),
    ],
)
def test_a_record_that_no_row_comes_of_is_refused_alone_with_its_place(
    value: Any, transform: Transform | None, reason: str
) -> None:
    def spare_the_good(found: KafkaRecord) -> Any:
        return found.value if found.value == GOOD or transform is None else transform(found)

    rows, (refused,), _ = taken(GOOD, value, GOOD, transform=spare_the_good if transform else None)
    assert (len(rows), refused.partition, refused.offset) == (2, 3, 1)
    assert reason in refused.reason


def test_a_record_that_cannot_be_decoded_is_refused_and_one_without_a_value_is_skipped() -> None:
    found = RowMaker(SCHEMA).rows([record(None, error="the body ends early"), record(None, 1)])
    assert found.refused == [StreamRefusal(3, 0, "the body ends early")]
    assert [one.offset for one in found.skipped] == [1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_a_query_to_stop_and_means_afterwards_what_it_meant_before(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stopping() as stop:
        assert not stop.is_set()
        signal.raise_signal(number)
        assert stop.is_set()
    assert signal.getsignal(number) is before


def test_a_query_on_another_thread_leaves_signals_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def look() -> bool:
        with stopping():
            return signal.getsignal(signal.SIGTERM) is before

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(look).result()
