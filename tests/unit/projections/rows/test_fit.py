"""Which records become rows."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.projections.rows.things import SCHEMA_ID, SCHEMAS, THINGS, body, delete, group, record

from headrace_broker.record import Record
from headrace_events.entity_key import encode_key
from headrace_projections.rows.fit import AHEAD_US, Fitted, fit, micros, unknown_schema
from headrace_projections.rows.groups import Groups
from headrace_schemas.catalogue import FIRST_FREE_ID
from headrace_schemas.framing import frame

GOOD = {"id": "a", "at": 5, "number": 1}
LOGGED = 1_700_000_000_000_000


def fitted(*records: Record) -> Fitted:
    return fit(THINGS, SCHEMAS, records)


def reason(found: Record) -> str:
    ((refused),) = fitted(record(GOOD, 0), found, record(GOOD, 2)).refused
    assert refused.record is found
    return refused.reason


def test_rows_that_fit_keep_their_place_and_times() -> None:
    (rows,) = fitted(
        record(GOOD, 7, partition=1), record({**GOOD, "at": 9}, 8, headers={"headrace_known_at": "12"})
    ).rows
    assert rows.keys == [encode_key(("string",), ("a",))] * 2
    assert rows.event_time.tolist() == [5, 9]
    assert rows.known_at.tolist() == [1_700_000_000_000_000, 12]
    assert rows.partition.tolist() == [1, 0]
    assert rows.offset.tolist() == [7, 8]
    assert rows.bodies[0] == body(GOOD)
    assert (rows.schema_id, rows.deleted) == (SCHEMA_ID, False)


def test_a_claim_may_be_ahead_of_the_log_by_as_much_as_clocks_differ() -> None:
    (rows,) = fitted(record(GOOD, 0, headers={"headrace_known_at": str(LOGGED + AHEAD_US)}), record(GOOD, 1)).rows
    assert rows.known_at.tolist() == [LOGGED + AHEAD_US, LOGGED]


def test_a_delete_has_its_time_from_its_header() -> None:
    (rows,) = fitted(delete("a", 3, 40)).rows
    assert rows.deleted
    assert rows.event_time.tolist() == [40]
    assert rows.keys == [encode_key(("string",), ("a",))]


def test_where_a_group_has_no_event_time_the_logs_time_counts() -> None:
    timeless = group(event_time=None)
    (row, gone) = fit(timeless, SCHEMAS, [record(GOOD, 0), delete("a", 1, None)]).rows
    assert row.event_time.tolist() == gone.event_time.tolist() == [1_700_000_000_000_000]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (record(None, 1, key=b"x", value=b"hello"), "the first byte is 104"),
        (record(None, 1, key=b"x", value=b"\0\0"), "too few for a framed record"),
        (record(None, 1, key=b"x", value=frame(77) + b"\0"), "schema 77 is not one of subject 'things_1'"),
        (record(GOOD, 1, value=frame(SCHEMA_ID) + body(GOOD)[:-1]), "the body ends inside column 'day'"),
        (record(GOOD, 1, key=encode_key(("string",), ("b",))), "not the canonical key"),
        (record(GOOD, 1, key=b"a"), "not the canonical key"),
        (record(GOOD, 1, headers={"headrace_known_at": "soon"}), "headrace_known_at is 'soon'"),
        (record(GOOD, 1, headers={"headrace_known_at": "9" * 30}), "headrace_known_at"),
        (record(GOOD, 1, headers={"headrace_known_at": str(LOGGED + AHEAD_US + 1)}), "ahead of the log's clock"),
        (delete("a", 1, 5, headers={"headrace_known_at": str(LOGGED + AHEAD_US + 1)}), "ahead of the log's clock"),
        (delete("a", 1, None), "headrace_event_time is missing"),
        (delete("a", 1, "1.5"), "headrace_event_time is '1.5'"),
        (record(None, 1, key=b"?", headers={"headrace_event_time": "5"}), "tag 63 stands where a string is due"),
        (record(None, 1, headers={"headrace_event_time": "5"}), "the key does not hold string"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_alone(bad: Record, why: str) -> None:
    assert why in reason(bad)


def test_all_rows_of_a_batch_that_fit_are_taken() -> None:
    bad = {3, 17, 18, 40}
    records = [record({"id": str(n), "at": n}, n, value=b"\0junk" if n in bad else None) for n in range(50)]
    found = fitted(*records)
    assert {refused.record.offset for refused in found.refused} == bad
    assert np.concatenate([rows.offset for rows in found.rows]).tolist() == [n for n in range(50) if n not in bad]


def test_only_a_schema_that_nobody_announced_is_worth_waiting_for() -> None:
    knows = SCHEMAS.__contains__
    assert unknown_schema(record(None, 0, key=b"", value=frame(77)), knows) == 77
    assert unknown_schema(record(GOOD, 0), knows) is None
    assert unknown_schema(record(None, 0, key=b"", value=b"junk!"), knows) is None
    assert unknown_schema(delete("a", 0, 1), knows) is None


def test_a_row_waits_for_no_schema_that_we_ship() -> None:
    nobody = Groups()

    def knows(schema_id: int) -> bool:
        return not nobody.awaits(THINGS, schema_id)

    may_come = record(None, 0, key=b"", value=frame(FIRST_FREE_ID))
    shipped = [record(None, 0, key=b"", value=frame(number)) for number in (1, FIRST_FREE_ID - 1)]
    assert unknown_schema(may_come, knows) == FIRST_FREE_ID
    assert [unknown_schema(found, knows) for found in shipped] == [None, None]
    assert len(fitted(*shipped).refused) == 2


@pytest.mark.parametrize(
    ("text", "time"), [("0", 0), ("-5", -5), ("", None), ("-", None), ("1e3", None), ("٣", None), ("9" * 18, None)]
)
def test_times_in_headers_are_decimal_microseconds(text: str, time: int | None) -> None:
    assert micros(text) == time
