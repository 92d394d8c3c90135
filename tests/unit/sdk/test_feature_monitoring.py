"""Feature monitors as they are said: lengths of time, and what does not go together is refused before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from headrace import Invalid
from headrace._feature_monitoring import Length, NewFeatureMonitor, seconds_of
from headrace._http import Api


@pytest.fixture
def new() -> Iterator[NewFeatureMonitor]:
    with Api("http://localhost:9", "", patience=0) as nobody:
        yield NewFeatureMonitor(nobody, "flights", {"name": "drifts"})


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("1w", 604_800), ("2d12h", 216_000), ("90m", 5_400), ("90min30s", 5_430), (timedelta(hours=2), 7_200)],
)
def test_lengths_are_said_in_units_or_as_timedeltas(said: Length, seconds: int) -> None:
    assert seconds_of(said) == seconds


@pytest.mark.parametrize("said", ["", "a week", "1", "1h1d", "-1h", "1.5h", "١h"])  # noqa: RUF001 - a digit of its own
def test_what_is_no_length_of_time_is_refused(said: str) -> None:
    with pytest.raises(Invalid) as refused:
        seconds_of(said)
    assert refused.value.code == "invalid-length"


@pytest.mark.parametrize(
    ("say", "code"),
    [
        (lambda new: new.save(), "no-comparison"),
        (lambda new: new.compare_on("mean", 1).compare_on_distribution(), "one-comparison"),
        (lambda new: new.compare_on_distribution("HELLINGER"), "no-threshold"),
        (lambda new: new.with_detection_window("soon"), "invalid-length"),
        (lambda new: new.with_reference_window("1w", "later"), "invalid-length"),
    ],
)
def test_what_does_not_go_together_is_refused_before_it_is_sent(
    new: NewFeatureMonitor, say: Callable[[NewFeatureMonitor], object], code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        say(new)
    assert refused.value.code == code
