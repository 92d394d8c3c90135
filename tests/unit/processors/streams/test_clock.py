"""Which windows end when: nothing is told too early, and in the end all of it, however the process was cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headrace_processors.streams.clock import Clock, pane_end

SLIDE, REACH = 10, 30


def clock(lateness: int = 1_000) -> Clock:
    return Clock(slide=SLIDE, reach=REACH, lateness=lateness)


def tell(one: Clock, behind: set[int]) -> list[int]:
    ends = one.due(behind)
    one.told(ends)
    return ends


def test_a_pane_ends_after_all_that_it_holds() -> None:
    assert [pane_end(time, SLIDE) for time in (-11, -10, -1, 0, 9, 10)] == [-10, 0, 0, 10, 10, 20]


def test_nothing_ends_before_all_partitions_were_heard_of() -> None:
    one = clock()
    one.take(0, [5, 47])
    assert tell(one, {0, 1}) == []
    assert tell(one, {0}) == [10, 20, 30, 40]


def test_the_slowest_partition_that_is_not_at_its_end_holds_the_clock() -> None:
    one = clock()
    one.take(0, [100])
    one.take(1, [12])
    assert (tell(one, {0, 1}), one.now) == ([], 10)
    assert (tell(one, set()), one.now) == ([20, 30, 40, 50], 100)


def test_the_clock_never_goes_back() -> None:
    one = clock()
    one.take(0, [55])
    tell(one, set())
    one.take(1, [5])
    assert (tell(one, {1}), one.now) == ([10, 20, 30, 40], 50)


def test_ends_are_told_once() -> None:
    one = clock()
    one.take(0, [5])
    one.take(0, [25])
    assert tell(one, set()) == [10, 20]
    assert tell(one, set()) == []
    one.take(0, [31])
    assert tell(one, set()) == [30]


def test_where_no_row_was_nothing_ends() -> None:
    one = clock()
    one.take(0, [5, 1_000_005])
    assert tell(one, set()) == [10, 20, 30, 40]


def test_a_row_is_late_by_the_newest_end_less_what_is_allowed() -> None:
    one = clock(lateness=20)
    assert not one.late(-1_000)
    one.take(0, [59])
    tell(one, set())
    assert (one.now, one.late(30), one.late(29)) == (50, False, True)


BATCHES = st.lists(
    st.tuples(st.integers(0, 2), st.lists(st.integers(-60, 300), min_size=1, max_size=6), st.booleans()), max_size=12
)


@given(batches=BATCHES)
def test_after_all_batches_and_any_restarts_all_ends_with_rows_are_told_and_none_in_the_future(
    batches: list[tuple[int, list[int], bool]],
) -> None:
    one, said, told = clock(), dict[int, str](), set[int]()
    for partition, times, restart in batches:
        one.take(partition, times)
        ends = one.due({partition})
        told.update(ends)
        said[partition] = one.saying(partition)
        assert one.now is None or all(end <= one.now for end in ends)
        one.told(ends)
        if restart:
            one = Clock.resumed(SLIDE, REACH, 1_000, told, said)
    told.update(one.due(set()))
    rows = [time for _, times, _ in batches for time in times]
    now = max(rows, default=0) // SLIDE * SLIDE
    wanted = {
        end
        for time in rows
        for end in range(pane_end(time, SLIDE), pane_end(time, SLIDE) + REACH + 1, SLIDE)
        if end <= now
    }
    assert wanted <= told
    assert all(end <= now for end in told)
