"""The slow semantics, by examples that can be counted by hand."""

from __future__ import annotations

from tests.unit.processors.streams.semantics import SECOND, Said, windows

from headrace_events.streaming_windows import Aggregation

MINUTE = 60 * SECOND
MEAN = Aggregation(function="mean", column="delay", over="20min")
COUNT = Aggregation(function="count", over="10min")


def row(key: str, minute: int, delay: float | None, known_at: int = 0, entity: str = "JFK") -> Said:
    return Said(key=key, time=minute * MINUTE, known_at=known_at, offset=0, entity=entity, values={"delay": delay})


def gone(key: str, minute: int) -> Said:
    return Said(key=key, time=minute * MINUTE, known_at=99, offset=9, removed=True)


def shown(*records: Said, until: int = 60) -> dict[int, tuple[object, object]]:
    found = windows(records, [MEAN, COUNT], 600, until * MINUTE)
    return {end // MINUTE: (features[MEAN.name], features[COUNT.name]) for (_, end), features in found.items()}


def test_a_row_is_in_each_window_that_ends_after_it_and_then_the_windows_are_empty_once() -> None:
    assert shown(row("a", 3, 6.0)) == {10: (6.0, 1), 20: (6.0, 0), 30: (None, 0)}


def test_a_row_on_the_border_is_in_the_next_window() -> None:
    assert shown(row("a", 10, 6.0)) == {20: (6.0, 1), 30: (6.0, 0), 40: (None, 0)}


def test_rows_of_a_window_are_aggregated_and_nulls_are_rows_without_a_value() -> None:
    assert shown(row("a", 3, 6.0), row("b", 12, 2.0), row("c", 13, None))[20] == (4.0, 2)


def test_the_last_version_of_a_row_counts_once() -> None:
    assert shown(row("a", 3, 6.0, known_at=2), row("a", 3, 8.0, known_at=1))[10] == (6.0, 1)


def test_a_removed_row_was_never_in_a_window_and_a_row_after_it_is() -> None:
    assert shown(row("a", 3, 6.0), gone("a", 5)) == {}
    assert shown(row("a", 3, 6.0), gone("a", 5), row("a", 12, 1.0)) == {20: (1.0, 1), 30: (1.0, 0), 40: (None, 0)}


def test_no_window_ends_after_the_source_has() -> None:
    assert shown(row("a", 3, 6.0), until=15) == {10: (6.0, 1)}
