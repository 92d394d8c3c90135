"""Vectors as Arrow: the types of the features, the statuses beside them, and what was passed in its type."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from headrace_api.vectors.arrow import group_stream, view_stream
from headrace_events.errors import Invalid
from headrace_projections.online.queries import Status, Vector
from headrace_projections.online.view_vectors import ViewFeature, ViewVector, ViewVectors

AT = datetime(2013, 1, 1, tzinfo=UTC)
TYPES = {"wind": "double", "count": "int", "at": "timestamp", "day": "date", "raw": "binary"}
STORED = (1.5, 3, AT, date(2013, 1, 1), b"\xff")
COLUMNS = tuple(ViewFeature(name=name, type=kind, group="weather", place=0) for name, kind in TYPES.items())


def read(stream: bytes) -> pa.Table:
    return pa.ipc.open_stream(stream).read_all()


def vector(status: Status, *values: Any) -> ViewVector:
    return ViewVector(status="complete", values=values, statuses=(status,) * len(values), groups=())


def test_a_view_is_a_table_of_its_features_with_a_status_of_each() -> None:
    nothing = ViewVector(status="missing", values=(None,) * 5, statuses=(Status.MISSING,) * 5, groups=())
    table = read(view_stream(ViewVectors(columns=COLUMNS, vectors=(vector(Status.FOUND, *STORED), nothing))))
    assert table.schema.names == [*TYPES, "_status", "_statuses"]
    assert table.schema.types[:5] == [
        pa.float64(),
        pa.int32(),
        pa.timestamp("us", tz="UTC"),
        pa.date32(),
        pa.binary(),
    ]
    assert table.to_pylist() == [
        {**dict(zip(TYPES, STORED, strict=True)), "_status": "complete", "_statuses": ["found"] * 5},
        {**dict.fromkeys(TYPES), "_status": "missing", "_statuses": ["missing"] * 5},
    ]


def test_what_was_passed_has_the_type_of_its_feature() -> None:
    passed = vector(Status.PASSED, 2, 3, "2013-01-01T00:00:00Z", "2013-01-01", "/w==")
    (row,) = read(view_stream(ViewVectors(columns=COLUMNS, vectors=(passed,)))).to_pylist()
    assert tuple(row.values())[:5] == (2.0, 3, AT, date(2013, 1, 1), b"\xff")


@pytest.mark.parametrize(
    "values",
    [("much", 3, AT, None, None), (1.5, 2**40, AT, None, None), (1.5, 3, "noon", None, None), (1.5, 3, AT, None, "?")],
)
def test_what_was_passed_and_is_of_another_type_is_refused(values: tuple[Any, ...]) -> None:
    with pytest.raises(Invalid) as refusal:
        view_stream(ViewVectors(columns=COLUMNS, vectors=(vector(Status.PASSED, *values),)))
    assert refusal.value.code == "invalid-passed-features"


NESTED = {
    "price": "decimal(5,2)",
    "tags": "array<string>",
    "counts": "map<string,int>",
    "place": "struct<at:timestamp,x:float>",
    "close": "embedding(2)",
}


def passed(kind: str, value: Any) -> Any:
    """What a feature of that type is that was passed so."""
    column = ViewFeature(name="f", type=kind, group="weather", place=0)
    (row,) = read(view_stream(ViewVectors(columns=(column,), vectors=(vector(Status.PASSED, value),)))).to_pylist()
    return row["f"]


def test_what_was_passed_for_a_nested_feature_has_its_type() -> None:
    given = ("1.50", ["a", None], {"a": 1, "b": None}, {"at": "2013-01-01T00:00:00Z", "x": 1}, [1, 0.5])
    place = {"at": AT, "x": 1.0}
    assert [passed(kind, value) for kind, value in zip(NESTED.values(), given, strict=True)] == [
        Decimal("1.50"),
        ["a", None],
        [("a", 1), ("b", None)],
        place,
        [1.0, 0.5],
    ]
    assert all(passed(kind, None) is None for kind in NESTED.values())


@pytest.mark.parametrize("kind", [*NESTED.values(), *TYPES.values(), "string", "boolean", "array<map<string,int>>"])
def test_nothing_that_is_passed_ends_the_process(kind: str) -> None:
    odd: list[Any] = [[None], [[None]], [[[None, 1]]], {"": None}, {"x": {}}, [{"a": [None]}], 10**30, -(10**400)]
    odd += [1e300, "\ud800", "", "x", "NaN", True, [True], ["\ud800"], {"\ud800": 1}, [1, None], [[1, 2]], {"at": 5}]
    for value in odd:
        with suppress(Invalid):
            passed(kind, value)


def test_a_group_is_a_table_of_its_columns_with_status_and_event_time() -> None:
    found = Vector(status=Status.FOUND, values=dict(zip(TYPES, STORED, strict=True)), event_time=AT)
    table = read(
        group_stream(TYPES, [found, Vector(status=Status.DELETED, event_time=AT), Vector(status=Status.MISSING)])
    )
    assert table.column("_status").to_pylist() == ["found", "deleted", "missing"]
    assert table.column("_event_time").to_pylist() == [AT, AT, None]
    assert table.column("count").to_pylist() == [3, None, None]
    assert read(group_stream(TYPES, [])).num_rows == 0
