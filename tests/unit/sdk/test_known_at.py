"""Rows that claim when they were known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from headrace import Invalid
from headrace._frames import slices
from headrace._insert import EVENT_TIME, INSERT, KNOWN_AT, Sending
from headrace._rows import Known, Refusal, RowEncoder, RowSchema
from headrace_events.row_schema import Column, row_schema

AT = datetime(2013, 1, 1, 5, tzinfo=UTC)
INSERT_ID = "01890000-0000-7000-8000-000000000000"


def encoder(**types: str) -> RowEncoder:
    all_types = {"id": "string", "at": "timestamp", **types}
    columns = [Column(name=name, type=kind) for name, kind in all_types.items()]
    text = row_schema("shop", "things", 1, columns, ("id", "at"))
    return RowEncoder(RowSchema(types=all_types, primary_key=("id",), event_time="at", schema_id=10_001, schema=text))


class Recorded:
    """A producer that keeps what it is given."""

    def __init__(self) -> None:
        self.rows: list[tuple[bytes, dict[str, bytes]]] = []

    def produce(self, topic: str, *, key: bytes, value: bytes | None, headers: Any, on_delivery: Any) -> None:
        """Keep it."""
        self.rows.append((key, dict(headers)))

    def poll(self, timeout: float) -> int:
        """Nothing is on its way."""
        return 0

    def flush(self, timeout: float) -> int:
        """Nothing is on its way."""
        return 0


def sent(frame: Any, known: Known, rows: RowEncoder | None = None) -> tuple[list[int], list[Refusal]]:
    """The times that the rows claim, and the rows that were refused; slices of two rows."""
    recorded = Recorded()
    sending = Sending(recorded, "topic", INSERT_ID, [(INSERT, INSERT_ID.encode()), (KNOWN_AT, b"7")])
    refused: list[Refusal] = []
    for part in slices(frame, 2):
        encoded, unfit = (rows or encoder()).encode(part, known=known)
        sending.send_all(encoded)
        refused += unfit
    assert all(headers[INSERT] == INSERT_ID.encode() for _, headers in recorded.rows)
    return [int(headers[KNOWN_AT]) for _, headers in recorded.rows], refused


def micros(time: datetime) -> int:
    return int(time.timestamp()) * 1_000_000


ROWS: list[dict[str, Any]] = [{"id": f"k{hour}", "at": AT, "landed": AT + timedelta(hours=hour)} for hour in range(3)]


@pytest.mark.parametrize("frame", [ROWS, pd.DataFrame(ROWS), pl.DataFrame(ROWS), pa.Table.from_pylist(ROWS)])
def test_each_row_claims_its_own_time_whatever_the_frame(frame: Any) -> None:
    assert sent(frame, Known.of("landed")) == ([micros(row["landed"]) for row in ROWS], [])


def test_zones_are_converted_and_a_time_without_one_is_utc() -> None:
    east = AT.astimezone(timezone(timedelta(hours=5)))
    rows = [{"id": "a", "at": AT, "landed": east}, {"id": "b", "at": AT, "landed": AT.replace(tzinfo=None)}]
    assert sent(rows, Known.of("landed")) == ([micros(AT)] * 2, [])


def test_the_column_is_stored_where_the_group_has_it_and_otherwise_not() -> None:
    assert sent(ROWS, Known.of("landed"), encoder(landed="timestamp"))[1] == []
    assert sent(ROWS, Known.of("at"))[1] == [Refusal(row, "the group has no column 'landed'") for row in range(3)]
    bare = [{name: row[name] for name in ("id", "at")} for row in ROWS]
    assert sent(bare, Known.of("at")) == ([micros(AT)] * 3, [])


def test_a_row_of_a_time_that_is_missing_none_or_to_come_is_refused_alone_and_in_order() -> None:
    times: list[Any] = [AT, None, "yesterday", datetime.now(UTC) + timedelta(hours=1), AT + timedelta(hours=1)]
    rows = [{"id": f"k{row}", "at": AT, "landed": time} for row, time in enumerate(times)]
    rows.insert(1, {"id": None, "at": AT, "landed": AT})
    claimed, refused = sent(rows, Known.of("landed"))
    assert claimed == [micros(AT), micros(AT + timedelta(hours=1))]
    assert [one.row for one in refused] == [1, 2, 3, 4]
    reasons = ["key 'id' is missing", "known at 'landed' is missing", "'yesterday'", "lies in the future"]
    assert all(reason in one.reason for reason, one in zip(reasons, refused, strict=True))


def test_a_frame_without_the_column_is_refused_before_a_row_is_sent() -> None:
    with pytest.raises(Invalid) as refusal:
        sent([{"id": "a", "at": AT}], Known.of("landed"))
    assert refusal.value.code == "unknown-column"


def test_a_delete_claims_its_time_beside_its_event_time() -> None:
    sending = Sending(Recorded(), "topic", INSERT_ID, [(INSERT, INSERT_ID.encode())], failure=None)
    headers = dict([*sending.claiming(5), (EVENT_TIME, b"3")])
    assert headers == {INSERT: INSERT_ID.encode(), KNOWN_AT: b"5", EVENT_TIME: b"3"}
