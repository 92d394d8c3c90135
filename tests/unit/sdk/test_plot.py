"""Columns as text."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from headrace._plot import columns

START = datetime(2013, 7, 1, tzinfo=UTC)


def moments(count: int) -> list[datetime]:
    return [START + timedelta(days=day) for day in range(count)]


def test_the_highest_value_fills_its_column() -> None:
    assert columns("PSI", moments(3), [0.0, 0.5, 1.0], height=2).splitlines() == [
        "PSI",
        "   1.000 ┤  █",
        "   0.500 ┤ ██",
        "   0.000 └───",
        "          2013-07-01 00:00 … 2013-07-03 00:00",
    ]


def test_nothing_is_said_to_be_nothing() -> None:
    assert columns("PSI", [], []) == "PSI: nothing yet"


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=500), st.integers(20, 200), st.integers(1, 20))
def test_it_is_never_wider_or_higher_than_told(values: list[float], width: int, height: int) -> None:
    drawn = columns("PSI", moments(len(values)), values, width=width, height=height).splitlines()
    assert len(drawn) == height + 3
    assert all(len(line) <= max(width, 45) for line in drawn)
