"""Parameters are a function of seed, trial and name, within the search space."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from headrace_events.searchspace import Dimension
from headrace_processors.studies.draw import draw

SPACE = (
    Dimension(name="rate", kind="double", values=("0.1", "0.2")),
    Dimension(name="depth", kind="integer", values=("2", "5")),
    Dimension(name="size", kind="discrete", values=("16", "32")),
    Dimension(name="kind", kind="categorical", values=('"gini"', "null", "[1, 2]")),
)


def test_the_draw_is_fixed_for_ever() -> None:
    assert draw(7, 3, SPACE) == {"rate": "0.15783524873586702", "depth": "3", "size": "32", "kind": "null"}


@given(st.integers(), st.integers(0, 10_000))
def test_every_value_is_within_its_dimension(seed: int, trial: int) -> None:
    drawn = {name: json.loads(text) for name, text in draw(seed, trial, SPACE).items()}
    assert 0.1 <= drawn["rate"] <= 0.2
    assert drawn["depth"] in {2, 3, 4, 5}
    assert drawn["size"] in {16, 32}
    assert drawn["kind"] in ["gini", None, [1, 2]]


def test_all_values_come_up_and_trials_differ() -> None:
    drawn = [draw(1, trial, SPACE) for trial in range(200)]
    assert {one["depth"] for one in drawn} == {"2", "3", "4", "5"}
    assert {one["kind"] for one in drawn} == {'"gini"', "null", "[1, 2]"}
    assert len({one["rate"] for one in drawn}) == 200


def test_another_dimension_changes_no_value() -> None:
    assert draw(1, 1, SPACE[:1])["rate"] == draw(1, 1, SPACE[::-1])["rate"]


def test_extreme_bounds_are_kept() -> None:
    wide = Dimension(name="x", kind="double", values=("-1.7e308", "1.7e308"))
    whole = Dimension(name="x", kind="integer", values=(str(-(2**62)), str(2**62)))
    for trial in range(50):
        assert -1.7e308 <= json.loads(draw(0, trial, [wide])["x"]) <= 1.7e308
        assert -(2**62) <= json.loads(draw(0, trial, [whole])["x"]) <= 2**62
