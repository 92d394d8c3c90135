"""Sketches of distinct values: the same, whether a sketch was handed all values or those alone that tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headrace_projections.statistics.distinct import FEW, both, sketch_of, sketch_of_numbers

RNG = np.random.default_rng(11)


def handed_over(numbers: Any) -> Any:
    """What a sketch is that was handed every value, in two parts, as those are that are merged."""
    return both(sketch_of(numbers[::2].tolist()), sketch_of(numbers[1::2].tolist()))


@pytest.mark.parametrize(
    "numbers",
    [
        RNG.normal(size=50_000),
        RNG.integers(-(2**63), 2**63 - 1, 50_000),
        np.arange(40_000),
        RNG.integers(0, 3_000, 60_000) / 7,
        np.repeat(RNG.normal(size=20_000), 3),
    ],
    ids=["doubles", "longs", "ascending", "some often", "each thrice"],
)
def test_the_sketch_of_an_array_is_that_of_all_its_values(numbers: Any) -> None:
    ours, theirs = sketch_of_numbers(numbers), handed_over(numbers)
    assert ours.get_estimate() == theirs.get_estimate()
    more = sketch_of(range(100_000, 102_000))
    assert both(ours, more).get_estimate() == both(theirs, more).get_estimate()
    assert ours.get_estimate() == pytest.approx(len(np.unique(numbers)), rel=0.06)


@pytest.mark.parametrize("distinct", [1, 300, 1_000])
def test_few_values_are_all_handed_over_however_often_they_come(distinct: int) -> None:
    numbers = np.tile(RNG.normal(size=distinct), 1 + 4 * FEW // distinct)
    once = sketch_of(np.unique(numbers).tolist())
    assert sketch_of_numbers(numbers).get_estimate() == once.get_estimate()


def test_zero_has_one_sign() -> None:
    spread = np.concatenate([RNG.normal(size=9_000), [0.0]])
    ours = sketch_of_numbers(np.concatenate([spread, [-0.0]]))
    assert ours.get_estimate() == handed_over(spread).get_estimate()
    assert sketch_of_numbers(np.array([0.0, -0.0])).get_estimate() == pytest.approx(1)
