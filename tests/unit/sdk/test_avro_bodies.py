"""Bodies that are written column by column are byte for byte what a writer of single records writes."""

from __future__ import annotations

import io
from typing import Any

import fastavro
import pytest
from hypothesis import given
from tests.unit import feature_types

from headrace._avro_bodies import BodyEncoder

HEAD = b"head"


def one_by_one(record: Any, columns: dict[str, list[Any]]) -> list[bytes]:
    """What fastavro makes of each row."""
    schema, written = fastavro.parse_schema(record), []
    for values in zip(*columns.values(), strict=True):
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, dict(zip(columns, values, strict=True)))
        written.append(HEAD + out.getvalue())
    return written


@given(feature_types.records())
def test_rows_of_any_types_are_what_single_records_are(rows: tuple[Any, dict[str, list[Any]]]) -> None:
    record, columns = rows
    assert list(BodyEncoder(record).encode(HEAD, columns)) == one_by_one(record, columns)


@pytest.mark.parametrize("number", [0, -1, 63, 64, -64, -65, 4095, 4096, -4096, -4097, 2**63 - 1, -(2**63)])
def test_whole_numbers_of_any_size_are_what_single_records_hold(number: int) -> None:
    record = {"type": "record", "name": "r", "fields": [{"name": "n", "type": "long"}]}
    assert list(BodyEncoder(record).encode(HEAD, {"n": [number]})) == one_by_one(record, {"n": [number]})


def test_a_null_among_reals_does_not_move_its_neighbours() -> None:
    fields = [{"name": name, "type": ["null", "double"]} for name in "abc"]
    record = {"type": "record", "name": "r", "fields": fields}
    columns: dict[str, list[Any]] = {"a": [1.0, 2.0], "b": [None, 3.0], "c": [4.0, 5.0]}
    assert list(BodyEncoder(record).encode(HEAD, columns)) == one_by_one(record, columns)
