"""Correlations: what NumPy says of the whole, taken part by part."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from headrace_projections.statistics.correlation import Comoments

RNG = np.random.default_rng(3)
A = RNG.normal(size=2_000)
DATA = {"a": A, "b": 2 * A + RNG.normal(size=2_000), "c": RNG.normal(size=2_000)}


def taken(data: dict[str, Any]) -> Comoments:
    made = Comoments.none(list(data))
    made.take(pa.table(data))
    return made


def test_parts_that_were_stored_merge_to_the_coefficients_of_the_whole() -> None:
    merged = Comoments.none(list(DATA))
    for start in range(0, 2_000, 300):
        part = taken({name: values[start : start + 300] for name, values in DATA.items()})
        merged.merge(Comoments.read(part.stored()))
    assert merged.count == 2_000
    assert np.allclose(np.array(merged.matrix(), float), np.corrcoef(np.stack(list(DATA.values()))))


def test_a_row_counts_where_all_features_have_a_finite_number() -> None:
    holed = taken({"a": [1.0, 2.0, None, 4.0, 5.0], "b": [2.0, 4.0, 1.0, math.inf, 10.0]})
    assert holed.count == 3
    assert holed.matrix()[0][1] == pytest.approx(1.0)


def test_a_feature_of_one_value_has_no_coefficient() -> None:
    (alone, across), (_, other) = taken({"a": [0.1, 0.1, 0.1], "b": [1.0, 2.0, 4.0]}).matrix()
    assert (alone, across) == (None, None)
    assert other == pytest.approx(1.0)
    assert Comoments.none(["a"]).matrix() == [[None]]


def test_features_that_only_one_part_has_are_left_out() -> None:
    merged = taken(DATA)
    merged.merge(taken({name: DATA[name] for name in ("c", "a")}))
    assert merged.names == ("a", "c")
    assert merged.count == 4_000
    assert merged.matrix()[0][1] == pytest.approx(np.corrcoef(DATA["a"], DATA["c"])[0, 1])
