"""When an alert opens and resolves."""

from hypothesis import given
from hypothesis import strategies as st

from headrace_events.monitor import AlertRuleAdded
from headrace_processors.alerts.hysteresis import Decision, Measured, decide

DAY = 86_400


def rule(windows: int = 1, cool_down_days: int = 0) -> AlertRuleAdded:
    return AlertRuleAdded(
        deployment="d",
        rule="drift",
        metric="psi",
        feature="wind",
        open_at=0.25,
        resolve_at=0.1,
        windows=windows,
        cool_down_seconds=cool_down_days * DAY,
    )


def days(*values: float | None, first: int = 0) -> list[Measured]:
    return [Measured((first + day) * DAY * 1000, value) for day, value in enumerate(values)]


def decisions(of: AlertRuleAdded, windows: list[Measured]) -> list[tuple[bool, int]]:
    """All decisions over these windows, as (open, day)."""
    made: list[tuple[bool, int]] = []
    last: Decision | None = None
    while (last := decide(of, DAY, last, windows)) is not None:
        made.append((last.open, last.window_start_ms // (DAY * 1000)))
        if len(made) > len(windows):
            raise AssertionError("one window decides at most once")
    return made


def test_an_alert_opens_at_the_threshold_and_resolves_at_the_lower_one() -> None:
    assert decisions(rule(), days(0.1, 0.25, 0.2, 0.11, 0.1, 0.24)) == [(True, 1), (False, 4)]


def test_between_the_thresholds_nothing_changes() -> None:
    assert decisions(rule(), days(0.2, 0.24, 0.11)) == []


def test_several_windows_in_a_row_are_needed() -> None:
    assert decisions(rule(windows=3), days(0.3, 0.3, 0.2, 0.3, 0.3, 0.3)) == [(True, 5)]


def test_a_day_without_a_window_breaks_the_row() -> None:
    windows = [*days(0.3, 0.3), *days(0.3, first=3)]
    assert decisions(rule(windows=3), windows) == []


def test_a_window_without_a_value_breaks_the_row_and_resolves_nothing() -> None:
    assert decisions(rule(windows=2), days(0.3, None, 0.3, 0.3, None, 0.05)) == [(True, 3), (False, 5)]


def test_within_the_cool_down_it_does_not_open_again() -> None:
    windows = days(0.3, 0.0, 0.3, 0.3, 0.3)
    assert decisions(rule(), windows) == [(True, 0), (False, 1), (True, 2)]
    assert decisions(rule(cool_down_days=2), windows) == [(True, 0), (False, 1), (True, 3)]


def test_what_was_decided_is_not_undone_by_a_revised_window() -> None:
    opened = Decision(True, 3 * DAY * 1000, 0.4)
    assert decide(rule(), DAY, opened, days(0.0, 0.0, 0.0, 0.0)) is None
    assert decide(rule(), DAY, opened, days(0.0, 0.0, 0.0, 0.0, 0.05)) == Decision(False, 4 * DAY * 1000, 0.05)


VALUES = st.lists(st.none() | st.floats(0, 1), max_size=40)


@given(VALUES, st.integers(1, 4), st.integers(0, 5))
def test_decisions_alternate_and_go_forward(values: list[float | None], windows: int, cool_down: int) -> None:
    made = decisions(rule(windows, cool_down), days(*values))
    assert [opened for opened, _ in made] == [index % 2 == 0 for index in range(len(made))]
    assert [day for _, day in made] == sorted({day for _, day in made})


@given(VALUES, st.integers(1, 4), st.integers(0, 5))
def test_windows_one_by_one_give_the_decisions_of_all_at_once(
    values: list[float | None], windows: int, cool_down: int
) -> None:
    of = rule(windows, cool_down)
    made: list[tuple[bool, int]] = []
    last: Decision | None = None
    for seen in range(len(values) + 1):
        while (found := decide(of, DAY, last, days(*values[:seen]))) is not None:
            last = found
            made.append((found.open, found.window_start_ms // (DAY * 1000)))
    assert made == decisions(of, days(*values))


@given(VALUES, st.integers(1, 4))
def test_an_open_alert_had_its_windows_and_a_resolved_one_its_low(values: list[float | None], windows: int) -> None:
    for opened, day in decisions(rule(windows), days(*values)):
        row = values[day - windows + 1 : day + 1] if opened else [values[day]]
        assert all(value is not None and (value >= 0.25 if opened else value <= 0.1) for value in row)
