"""Bounds of training data."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from headrace._errors import Invalid
from headrace._splits import Time, adjacent, at_random
from headrace._values import FIRST_MICROS, LAST_MICROS

JUNE = 1_370_044_800_000_000
JULY = 1_372_636_800_000_000


def test_starts_and_ends_are_times_in_utc() -> None:
    (split,) = adjacent({"train": ("2013-06-01", datetime(2013, 7, 1, 2, tzinfo=timezone(timedelta(hours=2))))})
    assert (split.name, split.start, split.end) == ("train", JUNE, JULY)
    (split,) = adjacent({"train": (date(2013, 6, 1), datetime(2013, 7, 1))})
    assert (split.start, split.end) == (JUNE, JULY)


def test_a_bound_that_is_not_given_is_the_neighbours_or_open() -> None:
    train, test = adjacent({"train": (None, "2013-06-01"), "test": (None, None)})
    assert (train.start, train.end) == (FIRST_MICROS, JUNE)
    assert (test.start, test.end) == (JUNE, LAST_MICROS + 1)
    train, test = adjacent({"train": (None, None), "test": ("2013-06-01T00:00:00Z", "2013-07-01")})
    assert (train.end, test.start, test.end) == (JUNE, JUNE, JULY)


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        ({"train": (None, None), "test": (None, None)}, "say where 'train' begins and ends"),
        ({"train": ("2013-07-01", "2013-06-01")}, "'train' ends before it starts"),
        ({"train": (None, "2013-07-01"), "test": ("2013-06-01", None)}, "'train' and 'test' overlap"),
        ({"train": ("midsummer", None)}, "'midsummer' is no time"),
        ({"train": (7, None)}, "7 is no time"),
    ],
)
def test_bounds_that_cannot_be_are_refused_with_the_reason(
    bounds: dict[str, tuple[Time | None, Time | None]], reason: str
) -> None:
    with pytest.raises(Invalid, match=reason):
        adjacent(bounds)


def test_a_pandas_timestamp_is_a_time() -> None:
    import pandas as pd

    (split,) = adjacent({"train": (pd.Timestamp("2013-06-01"), pd.Timestamp("2013-07-01", tz=UTC))})
    assert (split.start, split.end) == (JUNE, JULY)


def test_random_splits_share_their_bounds_and_train_gets_the_rest() -> None:
    train, test = at_random({"test": 0.2}, "2013-06-01", "2013-07-01", {"train_end": None})
    assert (train.name, train.share, test.name, test.share) == ("train", 0.8, "test", 0.2)
    assert (train.start, train.end) == (test.start, test.end) == (JUNE, JULY)
    splits = at_random({"validation": 0.1, "test": 0.2}, None, None, {})
    assert [split.name for split in splits] == ["train", "validation", "test"]
    assert sum(split.share or 0 for split in splits) == pytest.approx(1, abs=1e-12)
    assert {(split.start, split.end) for split in splits} == {(FIRST_MICROS, LAST_MICROS + 1)}


@pytest.mark.parametrize(
    ("shares", "inner", "code"),
    [
        ({"test": 0.2}, {"train_end": "2013-06-01"}, "mixed-splits"),
        ({"test": 1.0}, {}, "invalid-shares"),
        ({"test": 20}, {}, "invalid-shares"),
        ({"test": True}, {}, "invalid-shares"),
        ({"test": float("nan")}, {}, "invalid-shares"),
        ({"validation": None, "test": 0.2}, {}, "invalid-shares"),
        ({"validation": 0.5, "test": 0.5}, {}, "invalid-shares"),
    ],
)
def test_shares_that_cannot_be_are_refused(
    shares: dict[str, float | None], inner: dict[str, Time | None], code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        at_random(shares, None, None, inner)
    assert refused.value.code == code
