"""Categories of training data: exact while there are few, the most frequent texts after that, never much memory."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_processors.training.categories import LONGEST, MOST, Categories


def counted(*batches: list[str] | list[int], columns: int = 1) -> dict[str, object]:
    made = Categories(columns)
    for batch in batches:
        if made.counting:
            counts = Counter(batch)
            made.take(list(counts), list(counts.values()))
    return made.summary()


@given(
    batches=st.lists(st.lists(st.integers(-3, 3) | st.sampled_from([2**63 - 1, 2**63 - 2]), max_size=20), max_size=5)
)
def test_few_values_are_counted_exactly_in_their_order(batches: list[list[int]]) -> None:
    expected = sorted(Counter(value for batch in batches for value in batch).items())
    assert counted(*batches) == {"counts": expected, "all": True}


def test_many_numbers_are_no_categories_and_long_texts_neither() -> None:
    assert counted(list(range(MOST)))["all"]
    assert counted(list(range(MOST + 1)), [1]) == {"counts": [], "all": False}
    assert counted(["a"], ["b" * (LONGEST + 1)], ["a"]) == {"counts": [], "all": False}


@pytest.mark.parametrize("columns", [1, 10_000])
def test_of_many_texts_the_most_frequent_are_known(columns: int) -> None:
    rare = [f"{number:05d}" for number in range(20_000)]
    batches = [["JFK"] * 50 + rare[at : at + 100] + ["LGA"] * 30 for at in range(0, len(rare), 100)]
    found = counted(*batches, columns=columns)
    assert found["all"] is False
    kept = found["counts"]
    assert isinstance(kept, list)
    assert len(kept) <= MOST
    assert kept == sorted(kept)
    top = sorted(kept, key=lambda one: -one[1])[:2]
    assert [name for name, _ in top] == ["JFK", "LGA"]
    assert all(count <= true for (_, count), true in zip(top, (10_000, 6_000), strict=True))
    assert all(count >= true * 0.8 for (_, count), true in zip(top, (10_000, 6_000), strict=True))


def test_wide_datasets_keep_fewer_of_each_column() -> None:
    assert counted(list(range(100)), columns=10_000)["all"]
    assert not counted(list(range(101)), columns=10_000)["all"]


def test_booleans_whole_numbers_and_texts_are_counted_and_nothing_else() -> None:
    assert all(Categories.can_count(kind) for kind in (pa.bool_(), pa.int32(), pa.int64(), pa.string()))
    others = (pa.float64(), pa.timestamp("us"), pa.binary(), pa.date32(), pa.decimal128(5, 2))
    assert not any(Categories.can_count(kind) for kind in others)
