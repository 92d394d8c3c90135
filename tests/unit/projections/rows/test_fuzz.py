"""Records that any producer may have put on a group's topic: each becomes one row, or is refused with a reason."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.mutations import mutated
from tests.unit.projections.rows.test_avro import EPOCH, ROWS
from tests.unit.projections.rows.things import SCHEMA, SCHEMA_ID, SCHEMAS, THINGS, body, record

from headrace_broker.record import Record
from headrace_events.entity_key import encode_key
from headrace_projections.rows.fit import fit
from headrace_schemas.framing import HEAD_BYTES, frame

pytestmark = pytest.mark.fuzz

VALUES = ROWS.map(lambda row: frame(SCHEMA_ID) + body(row))
HEADERS = st.dictionaries(
    st.sampled_from(["headrace_event_time", "headrace_known_at", "headrace_insert"]),
    st.sampled_from(["1700000000000000", "-1", "²", "9" * 30, ""]) | st.text(max_size=5),
)
WRITTEN = st.tuples(st.none() | ROWS, st.none() | mutated(VALUES), st.none() | st.binary(max_size=12), HEADERS)
"""A row whose key is taken, a value, a key, and headers; None takes the row's own value or key."""


@given(st.lists(WRITTEN, max_size=12))
def test_every_record_becomes_a_row_or_is_refused(
    written: list[tuple[Mapping[str, Any] | None, bytes | None, bytes | None, dict[str, str]]],
) -> None:
    records = [
        record(row, offset, value=value, key=key, headers=headers)
        for offset, (row, value, key, headers) in enumerate(written)
    ]
    fitted = fit(THINGS, SCHEMAS, records)
    refused = [found.record.offset for found in fitted.refused]
    kept = [int(offset) for rows in fitted.rows for offset in rows.offset]
    assert sorted([*refused, *kept]) == [one.offset for one in records]
    assert all(found.reason for found in fitted.refused)
    for rows in fitted.rows:
        for place, offset in enumerate(rows.offset):
            if not rows.deleted:
                expect_read_alike(records[int(offset)], int(rows.event_time[place]))


def expect_read_alike(one: Record, event_time: int) -> None:
    """Hold a row against what the reference decoder reads."""
    assert one.value is not None
    stream = io.BytesIO(one.value[HEAD_BYTES:])
    row: Any = fastavro.schemaless_reader(stream, SCHEMA, None)
    assert not stream.read()
    assert (row["at"] - EPOCH) // timedelta(microseconds=1) == event_time
    assert one.key == encode_key(THINGS.key_types, (row["id"],))
