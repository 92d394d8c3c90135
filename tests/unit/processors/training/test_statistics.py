"""Statistics of training data: what NumPy says of the whole, taken batch by batch."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.dataset_vectors import table

from headrace._training_statistics import FeatureStatistics, statistics_of
from headrace_processors.training.statistics import DatasetStatistics
from headrace_projections.statistics.feature import BINS, QUANTILES


def counted(data: pa.Table, rows_at_once: int = 7) -> dict[str, FeatureStatistics]:
    """The statistics of one split, as the SDK reads what is stored."""
    made = DatasetStatistics(data.schema)
    passed = list(made.split("train", data.to_batches(max_chunksize=rows_at_once)))
    assert sum(batch.num_rows for batch in passed) == data.num_rows
    stored = json.loads(json.dumps(made.summary(), allow_nan=False))
    return statistics_of(stored)["train"]


def column(kind: str, values: list[Any]) -> FeatureStatistics:
    return counted(table({"it": kind}, [[value] for value in values]))["it"]


doubles = st.floats(-1e9, 1e9) | st.sampled_from([math.nan, math.inf, -math.inf]) | st.none()


@given(values=st.lists(doubles, max_size=60), rows_at_once=st.integers(1, 60))
def test_moments_and_bounds_are_those_of_the_whole(values: list[float | None], rows_at_once: int) -> None:
    found = counted(table({"it": "double"}, [[value] for value in values]), rows_at_once)["it"]
    there = [value for value in values if value is not None]
    finite = np.array([value for value in there if math.isfinite(value)])
    assert (found.count, found.nulls) == (len(values), len(values) - len(there))
    assert found.nonfinite == len(there) - len(finite)
    if not len(finite):
        assert (found.min, found.max, found.mean, found.std, found.histogram) == (None, None, None, None, None)
        return
    assert (found.min, found.max) == (finite.min(), finite.max())
    assert found.mean == pytest.approx(finite.mean(), rel=1e-9, abs=1e-3)
    assert found.std == (None if len(finite) == 1 else pytest.approx(finite.std(ddof=1), rel=1e-6, abs=1e-3))
    assert found.histogram is not None
    assert sum(found.histogram.counts) == len(finite)


def test_quantiles_histogram_and_distinct_values_are_near_the_truth() -> None:
    numbers = np.random.default_rng(7).normal(size=50_000)
    found = counted(pa.table({"it": numbers}), 4_096)["it"]
    for rank in QUANTILES:
        assert (numbers < found.quantiles[rank]).mean() == pytest.approx(rank, abs=0.02)
    assert found.histogram is not None
    counts, edges = np.histogram(numbers, BINS)
    assert found.histogram.edges == pytest.approx(edges)
    assert np.abs(np.array(found.histogram.counts) - counts).max() < 0.02 * len(numbers)
    assert found.distinct == pytest.approx(50_000, rel=0.08)


def test_few_values_are_counted_exactly() -> None:
    found = column("bigint", [1, 2, 2, 3, 3, 3, None])
    assert (found.distinct, found.nulls, found.min, found.max, found.mean) == (3, 1, 1, 3, 14 / 6)
    assert found.quantiles[0.5] in {2, 3}
    assert found.histogram is not None
    assert [count for count in found.histogram.counts if count] == [1, 2, 3]


@pytest.mark.parametrize("values", [[1e308, -1e308], [1e308, 1e308, 9e307], [5e-324, 0.0]])
def test_numbers_at_the_ends_of_doubles_have_what_can_be_said(values: list[float]) -> None:
    found = column("double", values)
    assert (found.count, found.min, found.max) == (len(values), min(values), max(values))
    assert found.std is None or math.isfinite(found.std)
    assert found.histogram is None or sum(found.histogram.counts) == len(values)


def test_booleans_are_ones_and_zeros_and_one_value_has_one_bin() -> None:
    found = column("boolean", [True, False, True, None])
    assert (found.mean, found.distinct, found.nulls) == (2 / 3, 2, 1)
    (alone,) = [column("int", [5, 5])]
    assert alone.histogram is not None
    assert (alone.histogram.edges, alone.histogram.counts, alone.std) == ((5.0, 5.0), (2,), 0)


@pytest.mark.parametrize(
    ("kind", "values", "least", "most"),
    [
        ("string", ["b", "a", "b", None], "a", "b"),
        ("date", [1, 0, 1, None], "1970-01-01", "1970-01-02"),
        ("timestamp", [1, 0, 1, None], "1970-01-01T00:00:00+00:00", "1970-01-01T00:00:00.000001+00:00"),
        ("binary", [b"\xff", b"", b"\xff", None], None, None),
        ("double", [None, None], None, None),
    ],
)
def test_what_is_no_number_has_counts_and_bounds(kind: str, values: list[Any], least: object, most: object) -> None:
    found = column(kind, values)
    there = {value for value in values if value is not None}
    assert (found.min, found.max, found.distinct) == (least, most, len(there))
    assert (found.mean, found.histogram, found.quantiles) == (None, None, {})


def test_what_identifies_an_example_is_not_counted_and_splits_are_apart() -> None:
    data = table({"wind": "double", "_key_id": "bigint", "_event_time": "timestamp"}, [[0.5, 1, 1]])
    made = DatasetStatistics(data.schema)
    for name, rows in (("train", data), ("test", data.slice(0, 0))):
        list(made.split(name, rows.to_batches()))
    splits = statistics_of(made.summary())
    assert {name: list(features) for name, features in splits.items()} == {"train": ["wind"], "test": ["wind"]}
    assert [splits[name]["wind"].count for name in splits] == [1, 0]
