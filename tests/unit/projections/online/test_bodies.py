"""Rows that are read in runs are what a reader of single fields finds."""

from __future__ import annotations

import io
from typing import Any

import fastavro
import pytest
from hypothesis import given
from tests.unit import feature_types

from headrace._avro_bodies import BodyEncoder
from headrace_projections.online.bodies import BodyReader


def as_fastavro_reads(record: Any, body: bytes) -> Any:
    return fastavro.schemaless_reader(io.BytesIO(body), fastavro.parse_schema(record), None)


@given(feature_types.records())
def test_rows_of_any_types_are_what_single_fields_are(rows: tuple[Any, dict[str, list[Any]]]) -> None:
    record, columns = rows
    reader = BodyReader(record)
    for body in BodyEncoder(record).encode(b"", columns):
        assert reader.read(body) == as_fastavro_reads(record, body)


@pytest.mark.parametrize("nulls", [{0}, {1}, {4}, {0, 1, 2, 3, 4}, set()])
@pytest.mark.parametrize("behind", [True, False])
@pytest.mark.parametrize("kind", ["float", "double"])
def test_nulls_in_a_run_are_found_wherever_they_are(nulls: set[int], behind: bool, kind: str) -> None:
    union = [kind, "null"] if behind else ["null", kind]
    fields = [{"name": f"f{place}", "type": union} for place in range(5)]
    record = {"type": "record", "name": "r", "fields": [*fields, {"name": "last", "type": "long"}]}
    columns: dict[str, list[Any]] = {f"f{place}": [None if place in nulls else 0.5] for place in range(5)}
    (body,) = BodyEncoder(record).encode(b"", columns | {"last": [7]})
    assert BodyReader(record).read(body) == {name: values[0] for name, values in columns.items()} | {"last": 7}


def test_a_body_that_ends_in_a_run_is_refused() -> None:
    fields = [{"name": f"f{place}", "type": "double"} for place in range(5)]
    reader = BodyReader({"type": "record", "name": "r", "fields": fields})
    with pytest.raises(EOFError):
        reader.read(bytes(5 * 8 - 1))
