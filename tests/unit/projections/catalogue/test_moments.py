"""Moments of the log."""

from __future__ import annotations

import pytest
from tests.unit.projections.catalogue.history import history

from headrace_events.ids import Micros
from headrace_projections.moments import AtSeq, AtTime, Cut, Moment, parse

NEW_YEAR = Micros(1_767_225_600_000_000)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("flights:40", AtSeq("flights", 40)),
        ("40", AtSeq("", 40)),
        ("2026-01-01", AtTime(NEW_YEAR)),
        ("2026-01-01T00:00:00Z", AtTime(NEW_YEAR)),
        ("2026-01-01 01:00:00+01:00", AtTime(NEW_YEAR)),
        ("2026-01-01T00:00:00.000001", AtTime(Micros(NEW_YEAR + 1))),
    ],
)
def test_a_moment_is_read_as_it_is_written(text: str, moment: Moment) -> None:
    assert parse(text) == moment
    assert parse(str(moment)) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "Flights:1", "flights:", "-1"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)


def test_a_cut_by_time_holds_what_had_happened() -> None:
    events = history(1)
    cut = Cut(events[4].time)
    assert [event.seq for event in events if cut.holds(event)] == [1, 2, 3, 4, 5]


def test_a_cut_by_number_divides_events_of_one_instant() -> None:
    events = history(1)
    cut = Cut(events[-1].time, AtSeq("flights", 3))
    assert [event.seq for event in events if cut.holds(event)] == [1, 2, 3]
