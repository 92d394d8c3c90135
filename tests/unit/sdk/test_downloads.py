"""Rows that come in parts, as a frame."""

from __future__ import annotations

import io

import polars as pl
import pyarrow as pa
import pytest

from headrace._downloads import frame_from

TABLE = pa.table({"origin": ["EWR", "JFK", None], "delay": [3, 11, -2]})


@pytest.fixture
def stream() -> bytes:
    """The table as Arrow streams it."""
    out = io.BytesIO()
    with pa.ipc.new_stream(out, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return out.getvalue()


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_rows_are_the_same_in_parts_of_any_size(stream: bytes, size: int) -> None:
    parts = (stream[at : at + size] for at in range(0, len(stream), size))
    assert frame_from(parts, "arrow").equals(TABLE)


def test_a_frame_is_of_the_kind_that_was_asked_for(stream: bytes) -> None:
    assert frame_from(iter([stream]), "polars").equals(pl.from_arrow(TABLE))
    assert frame_from(iter([stream]), "pandas")["delay"].tolist() == [3, 11, -2]
