"""Statistics of a feature merge: of parts of a column as of the whole, stored and read in between."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_projections.statistics.feature import LONGEST_TEXT, QUANTILES, FeatureStatistics
from headrace_projections.statistics.stored import FEATURE, feature_of, feature_rows
from headrace_projections.statistics.window import Window


def taken(column: Any) -> FeatureStatistics:
    made = FeatureStatistics()
    made.take(column)
    return made


def stored(of: FeatureStatistics) -> FeatureStatistics:
    """What is read of the rows that it is written as."""
    (row,) = feature_rows(Window(starts=(0,), ends=(1,), features={"it": of}))
    return feature_of(dict(zip(FEATURE, row, strict=True)))


def exact(of: FeatureStatistics) -> tuple[Any, ...]:
    said = of.summary("it")
    return tuple(said[name] for name in ("nulls", "nonfinite", "min", "max"))


doubles = st.floats(-1e9, 1e9) | st.sampled_from([math.nan, math.inf, -math.inf]) | st.none()


@given(values=st.lists(doubles, max_size=40), cut=st.integers(0, 40))
def test_parts_that_were_stored_merge_to_the_whole(values: list[float | None], cut: int) -> None:
    whole = taken(pa.array(values, pa.float64()))
    merged = stored(taken(pa.array(values[:cut], pa.float64())))
    merged.merge(stored(taken(pa.array(values[cut:], pa.float64()))))
    assert exact(merged) == exact(whole)
    assert merged.numbers == whole.numbers
    assert merged.mean == pytest.approx(whole.mean, rel=1e-9, abs=1e-3)
    assert merged.squares == pytest.approx(whole.squares, rel=1e-6, abs=1e-3)
    assert merged.summary("it")["distinct"] == whole.summary("it")["distinct"]


def test_many_merged_parts_estimate_as_well_as_one() -> None:
    numbers = np.random.default_rng(5).normal(size=60_000)
    merged = FeatureStatistics()
    for part in np.array_split(numbers, 40):
        merged.merge(stored(taken(pa.array(part))))
    said = merged.summary("it")
    assert said["distinct"] == pytest.approx(60_000, rel=0.08)
    for rank in QUANTILES:
        assert (numbers < said["quantiles"][str(rank)]).mean() == pytest.approx(rank, abs=0.02)
    assert said["std"] == pytest.approx(numbers.std(ddof=1), rel=1e-9)


@pytest.mark.parametrize(
    ("column", "least", "most", "distinct"),
    [
        (pa.array(["b", "\0a", None, "b"]), "\0a", "b", 2),
        (pa.array(["z" * 1_000]), "z" * LONGEST_TEXT, "z" * LONGEST_TEXT, 1),
        (pa.array([date(2013, 1, 2), date(2013, 1, 1)]), "2013-01-01", "2013-01-02", 2),
        (
            pa.array([datetime(2013, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            "2013-01-01T00:00:00+00:00",
            "2013-01-01T00:00:00+00:00",
            1,
        ),
        (pa.array([b"\xff", b""]), None, None, 2),
        (pa.array([True, False, None]), 0.0, 1.0, 2),
        (pa.array([Decimal("1.50"), Decimal("-2.25")]), -2.25, 1.5, 2),
        (pa.array([[1.0], None]), None, None, 0),
        (pa.array([{"a": 1}, None]), None, None, 0),
        (pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())), None, None, 0),
    ],
)
def test_every_type_is_counted_and_stored(column: Any, least: object, most: object, distinct: int) -> None:
    said = stored(taken(column)).summary("it")
    assert (said["min"], said["max"], said["distinct"], said["nulls"]) == (least, most, distinct, column.null_count)
