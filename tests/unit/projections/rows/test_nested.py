"""Values of any type, from a list of dicts through the log to both stores and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.feature_types import types, values
from tests.unit.projections.rows.things import group as made_group
from tests.unit.projections.rows.things import record

from headrace._columns import Feature, features_of
from headrace._frames import slices
from headrace._rows import RowEncoder, RowSchema
from headrace._vectors import shaped
from headrace_api.vectors.as_json import json_response
from headrace_broker.record import Record
from headrace_events.row_schema import Column, row_schema
from headrace_projections.history.columns import quoted
from headrace_projections.history.engine import Engine
from headrace_projections.history.latest import latest_versions
from headrace_projections.history.tables import history_of
from headrace_projections.history.view import arrow_schema
from headrace_projections.offline.arrow import table_of
from headrace_projections.offline.delta import GroupTable
from headrace_projections.offline.queries import arrow_stream
from headrace_projections.online.bodies import BodyReader
from headrace_projections.online.queries import readable_group, values_of
from headrace_projections.rows.catalogued import CataloguedGroup
from headrace_projections.rows.fit import fit
from headrace_projections.rows.groups import Group

SCHEMA_ID = 20_000
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def group_with(kinds: Mapping[str, str]) -> tuple[Group, str]:
    columns = (Column(name="id", type="string"), *(Column(name=name, type=kind) for name, kind in kinds.items()))
    group = made_group(columns=columns, event_time=None)
    return group, row_schema("shop", "things", 1, columns, ("id",))


def records(group: Group, text: str, frame: Any) -> list[Record]:
    """What an insert writes; every row must be taken."""
    encoder = RowEncoder(
        RowSchema(
            types={column.name: column.type for column in group.columns},
            primary_key=group.primary_key,
            event_time=None,
            schema_id=SCHEMA_ID,
            schema=text,
        )
    )
    found: list[Record] = []
    for part in slices(frame):
        rows, refused = encoder.encode(part)
        assert refused == []
        found += [record(None, len(found) + place, key=row.key, value=row.value) for place, row in enumerate(rows)]
    return found


def online(group: Group, text: str, written: list[Record]) -> list[dict[str, Any]]:
    """Each row as a client has it from the API."""
    readable = readable_group(CataloguedGroup(group=group, schema_id=SCHEMA_ID, schema=text, created=CREATED))
    bodies = BodyReader(orjson.loads(text))
    rows = [values_of(readable, SCHEMA_ID, bodies, (one.value or b"")[5:]) for one in written]
    answer = orjson.loads(json_response({"rows": rows}).body)["rows"]
    features = [Feature(column.name, column.type) for column in group.columns]
    found: list[dict[str, Any]] = shaped(answer, features, "dict")
    return found


def offline(group: Group, text: str, written: list[Record]) -> list[dict[str, Any]]:
    """The rows of the offline store, read as people and as joins read them; both must be the same."""
    (rows,) = fit(group, {SCHEMA_ID: text}, written).rows
    where = group.places[0]
    with TemporaryDirectory() as folder:
        storage = Path(folder).as_uri()
        GroupTable(storage, group).append(table_of(group, rows), {where: len(written)}, {where: 0})
        table = pa.ipc.open_stream(b"".join(arrow_stream(storage, group, history=False))).read_all()
        history = history_of(storage, group, {0: len(written)})
        assert history is not None
        names = [column.name for column in group.columns]
        schema = arrow_schema({column.name: column.type for column in group.columns})
        query = f"SELECT {', '.join(map(quoted, names))} FROM ({latest_versions(history, names)})"
        with Engine().stream(query, schema) as batches:
            joined = pa.Table.from_batches(batches, schema)
    read = table.select(names).to_pylist(maps_as_pydicts="strict")
    assert sorted(read, key=by_id) == sorted(joined.to_pylist(maps_as_pydicts="strict"), key=by_id)
    return sorted(read, key=by_id)


def by_id(row: Mapping[str, Any]) -> str:
    return str(row["id"])


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_values_of_any_type_are_the_same_in_both_stores(data: st.DataObject) -> None:
    kinds = {f"c{number}": kind for number, kind in enumerate(data.draw(st.lists(types(), min_size=1, max_size=3)))}
    row = st.fixed_dictionaries({name: st.none() | values(kind) for name, kind in kinds.items()})
    rows = [{"id": str(number), **one} for number, one in enumerate(data.draw(st.lists(row, min_size=1, max_size=3)))]
    group, text = group_with(kinds)
    written = records(group, text, rows)
    assert online(group, text, written) == rows
    assert offline(group, text, written) == rows


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_bytes_break_what_reads_them(data: st.DataObject) -> None:
    kinds = {"a": data.draw(types()), "b": "string"}
    group, text = group_with(kinds)
    good = records(group, text, [{"id": "x", "a": data.draw(st.none() | values(kinds["a"])), "b": "y"}])[0]
    body = bytearray(good.value or b"")
    for place in data.draw(st.lists(st.integers(7, max(7, len(body) - 1)), max_size=3)):
        if place < len(body):
            body[place] = data.draw(st.integers(0, 255))
    bad = good._replace(value=bytes(body)[: data.draw(st.integers(7, len(body)))])
    fitted = fit(group, {SCHEMA_ID: text}, [bad, good._replace(offset=1)])
    taken = [offset for rows in fitted.rows for offset in rows.offset.tolist()]
    assert sorted([*taken, *(refused.record.offset for refused in fitted.refused)]) == [0, 1]
    assert 1 in taken
    for rows in fitted.rows:
        assert table_of(group, rows).num_rows == len(rows)


TYPED = {
    "price": "decimal(10,2)",
    "scores": "array<double>",
    "where": "struct<lat:double,names:array<string>>",
    "counts": "map<string,bigint>",
    "vector": "embedding(3)",
    "seen": "timestamp",
}
ZURICH = ZoneInfo("Europe/Zurich")
ROW: dict[str, Any] = {
    "id": "a",
    "price": Decimal("12.50"),
    "scores": [1.5, None, -2.0],
    "where": {"lat": 47.25, "names": ["née", None]},
    "counts": {"ä": 1, "b": None},
    "vector": [0.5, -1.5, 2.0],
    "seen": datetime(2013, 7, 1, 6, tzinfo=ZURICH),
}
ARROW = pa.table(
    {
        "id": ["a", "b"],
        "price": pa.array([ROW["price"], None], pa.decimal128(10, 2)),
        "scores": pa.array([ROW["scores"], []]),
        "where": pa.array([ROW["where"], None]),
        "counts": pa.array([list(ROW["counts"].items()), None], pa.map_(pa.string(), pa.int64())),
        "vector": pa.array([ROW["vector"], None], pa.list_(pa.float32(), 3)),
        "seen": pa.array([ROW["seen"], None], pa.timestamp("us", "Europe/Zurich")),
    }
)
EMPTY: dict[str, Any] = {
    "id": "b",
    "price": None,
    "scores": [],
    "where": None,
    "counts": None,
    "vector": None,
    "seen": None,
}
NUMPY = {**ROW, "scores": np.array([1.5, np.nan, -2.0]), "vector": np.array(ROW["vector"], np.float32)}


@pytest.mark.parametrize(
    "frame",
    [ARROW, [ROW, EMPTY], pl.from_arrow(ARROW.drop_columns("counts")), pd.DataFrame([NUMPY, EMPTY])],
    ids=["arrow", "rows", "polars", "pandas"],
)
def test_frames_of_all_kinds_bring_nested_values(frame: Any) -> None:
    group, text = group_with(TYPED)
    expected = [dict(ROW), dict(EMPTY)]
    if isinstance(frame, pl.DataFrame):
        for row in expected:
            row["counts"] = None
    written = records(group, text, frame)
    assert online(group, text, written) == expected
    assert offline(group, text, written) == expected


def test_types_are_read_off_frames() -> None:
    assert features_of(ARROW) == [Feature("id", "string"), *(Feature(name, kind) for name, kind in TYPED.items())]
    read = {feature.name: feature.type for feature in features_of([{**ROW, "counts": 1}])}
    assert read["price"] == "decimal(4,2)"
    assert read["scores"] == read["vector"] == "array<double>"
    assert read["where"] == TYPED["where"]
    assert {feature.name: feature.type for feature in features_of(pl.from_arrow(ARROW.drop_columns("counts")))} == {
        "id": "string",
        **{name: kind for name, kind in TYPED.items() if name != "counts"},
    }


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("price", 1.5, "is not a decimal"),
        ("price", Decimal("1.005"), "more than 2 digits after the point"),
        ("price", Decimal("123456789.00"), "more than 10 digits"),
        ("price", Decimal("NaN"), "is not finite"),
        ("price", Decimal("1e900000"), "digits"),
        ("scores", 1.5, "is not a list"),
        ("scores", [1.5, "x"], "is not a number"),
        ("scores", [float("nan")], "is not a number"),
        ("where", {"lat": 1.0, "lon": 2.0}, "has a field 'lon'"),
        ("where", [1.0], "is not a struct"),
        ("counts", {1: 1}, "is not a string"),
        ("counts", [("a", 1), ("a", 2)], "names a key twice"),
        ("counts", [1], "is not a map"),
        ("vector", [1.0, 2.0], "is not a vector of 3 numbers"),
        ("vector", [1.0, 2.0, None], "is not a number"),
        ("vector", [1.0, 2.0, 1e39], "too large"),
    ],
)
def test_a_row_with_a_value_of_another_type_is_refused(name: str, value: Any, why: str) -> None:
    group, text = group_with(TYPED)
    types = {column.name: column.type for column in group.columns}
    encoder = RowEncoder(RowSchema(types=types, primary_key=("id",), event_time=None, schema_id=SCHEMA_ID, schema=text))
    (part,) = slices([ROW, {**ROW, name: value}])
    rows, (refused,) = encoder.encode(part)
    assert (len(rows), refused.row) == (1, 1)
    assert why in refused.reason
