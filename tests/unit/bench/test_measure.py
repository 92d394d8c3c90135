"""A figure says whether it reached its goal, and how many times its floor it is."""

from __future__ import annotations

import pytest

from headrace_bench.measure import Figure, Goal, latency, rate


@pytest.mark.parametrize(
    ("p50", "p99", "goal", "reached"),
    [
        (20.0, 80.0, Goal(p50=20, p99=80), True),
        (20.1, 80.0, Goal(p50=20, p99=80), False),
        (1.0, 80.1, Goal(p50=20, p99=80), False),
        (1.0, None, Goal(p99=80), False),
        (500.0, None, Goal(least=500), True),
        (499.9, None, Goal(least=500), False),
        (1.0, None, None, None),
    ],
)
def test_a_goal_is_reached_where_every_bound_holds(
    p50: float, p99: float | None, goal: Goal | None, reached: bool | None
) -> None:
    assert Figure(what="x", unit="ms", p50=p50, p99=p99, goal=goal).reached is reached


def test_latencies_are_told_by_their_median_as_a_multiple_of_the_floors() -> None:
    figure = latency("x", [6.0, 4.0, 5.0, 50.0, 5.0], floor=("bare", [2.0, 2.5, 3.0]))
    assert (figure.p50, figure.p99, figure.times_floor) == (5.0, 50.0, 2.0)


def test_rates_are_told_by_their_median_and_how_many_times_slower_than_the_floor_they_are() -> None:
    figure = rate("x", [100.0, 900.0, 200.0], floor=("bare", [400.0, 300.0, 500.0]), goal=Goal(least=200))
    assert (figure.p50, figure.times_floor, figure.reached) == (200.0, 2.0, True)
    assert str(figure.goal) == "≥ 200"
