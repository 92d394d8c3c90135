"""Feature vectors in the shape that a model takes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from headrace._columns import Feature
from headrace._errors import Invalid
from headrace._vectors import jsonable, shaped

FEATURES = [Feature("wind", "double"), Feature("at", "timestamp"), Feature("day", "date"), Feature("raw", "binary")]
ROWS: list[dict[str, Any]] = [
    {"wind": 1.5, "at": "2013-06-01T00:00:00Z", "day": "2013-06-01", "raw": "AP8="},
    {"day": None, "wind": None, "at": None, "raw": None},
]
VALUES: list[list[Any]] = [
    [1.5, datetime(2013, 6, 1, tzinfo=UTC), date(2013, 6, 1), b"\0\xff"],
    [None, None, None, None],
]


def test_values_come_in_the_order_of_the_features_and_in_their_types() -> None:
    assert shaped(ROWS, FEATURES, "list") == VALUES
    assert [list(row.values()) for row in shaped(ROWS, FEATURES, "dict")] == VALUES


def test_vectors_come_as_frames_and_arrays() -> None:
    frame = shaped(ROWS, FEATURES, "pandas")
    assert list(frame.columns) == ["wind", "at", "day", "raw"]
    assert frame["wind"].tolist()[0] == 1.5
    assert shaped([{"wind": 1.5}], FEATURES[:1], "numpy").tolist() == [[1.5]]
    with pytest.raises(Invalid, match="list, dict, pandas, polars or numpy"):
        shaped(ROWS, FEATURES, "spark")  # type: ignore[arg-type] # what a program may say all the same


def test_a_polars_frame_has_its_types_even_where_it_holds_nothing() -> None:
    frame = shaped(ROWS[1:], FEATURES, "polars")
    assert frame.schema == {
        "wind": pl.Float64,
        "at": pl.Datetime("us", "UTC"),
        "day": pl.Date,
        "raw": pl.Binary,
    }
    assert shaped(ROWS, FEATURES, "polars").rows() == [tuple(row) for row in VALUES]


def test_keys_go_as_json() -> None:
    import numpy as np

    assert jsonable([{"id": np.int64(7), "raw": b"\0\xff"}]) == [{"id": 7, "raw": "AP8="}]
