"""Doing things in order of dependency."""

from __future__ import annotations

import threading

import pytest

from headrace_compose.order import closure, dependents, in_order, run_in_order

HOUSE = {"roof": ("wall",), "wall": ("ground",), "ground": (), "garden": ("ground",)}


def test_a_closure_holds_all_that_is_needed_and_no_more() -> None:
    assert closure(["wall"], HOUSE) == {"wall", "ground"}


def test_what_is_taken_down_waits_for_what_stands_on_it_also_through_others() -> None:
    standing = dependents({"roof", "ground", "garden"}, HOUSE)
    assert {name: set(others) for name, others in standing.items()} == {
        "roof": set(),
        "garden": set(),
        "ground": {"roof", "garden"},
    }


def test_everything_comes_after_what_it_depends_on() -> None:
    order = in_order(HOUSE)
    assert order[0] == "ground"
    assert order.index("wall") < order.index("roof")


def test_what_does_not_depend_on_each_other_runs_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=5)

    def act(name: str, _: threading.Event) -> None:
        if name in {"wall", "garden"}:
            meeting.wait()

    run_in_order(HOUSE, act)


def test_after_a_failure_nothing_begins_and_the_rest_is_asked_to_give_up() -> None:
    done: list[str] = []

    def act(name: str, given_up: threading.Event) -> None:
        if name == "wall":
            raise ValueError(name)
        if name == "garden":
            assert given_up.wait(5)
        done.append(name)

    with pytest.raises(ValueError, match="wall"):
        run_in_order(HOUSE, act)
    assert sorted(done) == ["garden", "ground"]
