"""Cron expressions: the same times as croniter tells, and what is none is refused with a reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace_events.cron import cron
from headrace_events.errors import Invalid
from headrace_events.ids import Micros

SECOND = 1_000_000
NOW = 1_793_318_400  # 2026-10-30T00:00:00Z


def at(*parts: int) -> Micros:
    return Micros(int(datetime(*parts, tzinfo=UTC).timestamp()) * SECOND)  # type: ignore[arg-type,misc] # y, m, d, h …


def field(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    span = st.tuples(number, number).filter(lambda two: two[0] < two[1]).map(lambda two: f"{two[0]}-{two[1]}")
    step = st.integers(1, most)
    one = number.map(str) | span | st.tuples(span, step).map(lambda two: f"{two[0]}/{two[1]}")
    return st.just("*") | st.lists(one, min_size=1, max_size=3).map(",".join)


expressions = st.tuples(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)).map(" ".join)


@settings(max_examples=60)
@given(text=expressions, begin=st.integers(NOW, NOW + 400 * 86_400))
def test_the_next_times_are_those_of_croniter(text: str, begin: int) -> None:
    found, others = cron(text, Micros(NOW * SECOND)), croniter(text, begin)
    moment: Micros | None = Micros(begin * SECOND)
    for _ in range(4):
        assert moment is not None
        moment = found.after(moment)
        assert moment == int(others.get_next(float)) * SECOND


@settings(max_examples=60)
@given(text=expressions, begin=st.integers(NOW, NOW + 400 * 86_400))
def test_the_last_time_is_the_one_of_which_the_next_is_still_to_come(text: str, begin: int) -> None:
    found, now = cron(text, Micros(NOW * SECOND)), Micros(begin * SECOND)
    last = found.until(now)
    assert last is not None
    assert last <= now
    assert found.after(Micros(last - 1)) == last
    following = found.after(last)
    assert following is None or following > now


@pytest.mark.parametrize(
    ("text", "begin", "following"),
    [
        ("0 0 12 ? * * *", (2026, 10, 30, 12), (2026, 10, 31, 12)),
        ("30 15 10 ? * MON-FRI", (2026, 10, 30, 10, 15, 30), (2026, 11, 2, 10, 15, 30)),
        ("0 0 0 1 JAN ? 2028", (2026, 10, 30), (2028, 1, 1)),
        ("0 0 8 ? * 1", (2026, 10, 30), (2026, 11, 1, 8)),
        ("0 8 * * 0", (2026, 10, 30), (2026, 11, 1, 8)),
        ("0 8 * * 7", (2026, 10, 30), (2026, 11, 1, 8)),
        ("0 0 29 2 *", (2026, 10, 30), (2028, 2, 29)),
        ("0 0 13 * FRI", (2026, 10, 30, 1), (2026, 11, 6)),
        ("*/20 * * * *", (2026, 10, 30, 0, 20), (2026, 10, 30, 0, 40)),
    ],
)
def test_fields_of_crontab_and_of_quartz(text: str, begin: tuple[int, ...], following: tuple[int, ...]) -> None:
    assert cron(text, at(*begin)).after(at(*begin)) == at(*following)


def test_there_is_no_time_before_1970_or_after_2099() -> None:
    every = cron("* * * * *", Micros(NOW * SECOND))
    assert every.after(Micros(-(2**63))) == 0
    assert every.after(Micros(2**63 - 1)) is None
    assert every.until(Micros(-(2**63))) is None
    assert every.until(Micros(2**63 - 1)) == at(2099, 12, 31, 23, 59)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "daily",
        "* * * *",
        "60 * * * *",
        "5-1 * * * *",
        "*/0 * * * *",
        "* * * * MON#2",
        "0 0 L * *",
        "* * * * * *",
        "*/10 0 12 ? * *",
        "0 0 12 1 * MON",
        "0 0 12 ? * ?",
        "0 0 30 2 *",
        "0 0 0 1 1 ? 2020",
        "\u0661 * * * *",
        "0 0 1 1 * " + "0," * 500 + "0",
    ],
)
def test_what_never_comes_or_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        cron(text, Micros(NOW * SECOND))
    assert refused.value.code == "invalid-cron"
