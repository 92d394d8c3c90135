"""Random splits: which one an example is in follows from its key, its event time and the seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.dataset_vectors import ARROW, table

from headrace_events.entity_key import encode_key
from headrace_processors.training.random_splits import RandomSplits

THREE = (0.7, 0.1, 0.2)
COLUMNS = {"amount": "double", "_key_id": "bigint", "_key_shop": "string", "_event_time": "timestamp"}
IDENTITY = ("_key_id", "_key_shop", "_event_time")
KINDS = ("bigint", "string", "timestamp")


def drawn(shares: Sequence[float] = THREE, seed: int = 0) -> RandomSplits:
    return RandomSplits(seed=seed, shares=shares, identity=IDENTITY, kinds=KINDS)


def batch(rows: Sequence[tuple[int, str, int]]) -> pa.RecordBatch:
    return table(COLUMNS, [(0.5, *row) for row in rows]).combine_chunks().to_batches()[0]


def slowly(row: tuple[int, str, int], shares: Sequence[float], seed: int) -> int:
    """The split of an example, written for reading."""
    key = seed.to_bytes(8, "little", signed=True)
    digest = hashlib.blake2b(encode_key(KINDS, row), digest_size=8, key=key).digest()
    place = Fraction(int.from_bytes(digest, "big"), 2**64)
    for number in range(len(shares) - 1):
        if place < sum(map(Fraction, shares[: number + 1])):
            return number
    return len(shares) - 1


examples = st.tuples(st.integers(-(2**63), 2**63 - 1), st.text(max_size=5), st.integers(-(2**40), 2**40))


@given(
    rows=st.lists(examples, min_size=1, max_size=20),
    shares=st.sampled_from([(0.8, 0.2), THREE, (0.5, 0.5), (1e-9, 1 - 1e-9)]),
    seed=st.integers(-(2**63), 2**63 - 1),
)
def test_the_split_of_an_example_is_what_its_definition_says(
    rows: list[tuple[int, str, int]], shares: tuple[float, ...], seed: int
) -> None:
    assert drawn(shares, seed).of(batch(rows)).tolist() == [slowly(row, shares, seed) for row in rows]


def test_shares_that_make_a_little_more_than_one_before_the_last_split_leave_nothing_to_it() -> None:
    rows = [(number, "a", 0) for number in range(100)]
    places = drawn((0.5, 0.5 + 5e-10, 1e-12)).of(batch(rows)).tolist()
    assert set(places) == {0, 1}


def test_the_splits_of_these_examples_are_those_of_every_release() -> None:
    rows = [(number, f"shop {number % 7}", number * 1_000) for number in range(24)]
    assert "".join(map(str, drawn(seed=7).of(batch(rows)))) == "000002000001000100100020"


def test_shares_come_out_as_asked_and_another_seed_draws_others() -> None:
    rows = [(number % 100, f"shop {number % 13}", number) for number in range(20_000)]
    first, second = drawn(seed=1).of(batch(rows)), drawn(seed=2).of(batch(rows))
    for number, share in enumerate(THREE):
        assert (first == number).mean() == pytest.approx(share, abs=0.015)
    assert (first == second).mean() == pytest.approx(0.7**2 + 0.1**2 + 0.2**2, abs=0.02)


def test_an_example_stays_where_it_is_when_others_come_or_go() -> None:
    rows = [(number, "shop", number) for number in range(200)]
    all_of_them = drawn().of(batch(rows)).tolist()
    assert drawn().of(batch(rows[::-1])).tolist() == all_of_them[::-1]
    assert drawn().of(batch(rows[50:60])).tolist() == all_of_them[50:60]


def test_dates_and_binaries_are_keys_too() -> None:
    kinds = ("date", "binary", "boolean", "int")
    values = (datetime(2013, 1, 1, tzinfo=UTC).date(), b"\x00\xff", True, 7)
    row = pa.RecordBatch.from_arrays(
        [pa.array([value], ARROW[kind]) for value, kind in zip(values, kinds, strict=True)], names=list(kinds)
    )
    found = RandomSplits(seed=0, shares=THREE, identity=kinds, kinds=kinds).of(row)
    digest = hashlib.blake2b(encode_key(kinds, (15_706, b"\x00\xff", True, 7)), digest_size=8, key=bytes(8)).digest()
    assert found.tolist() == [
        (int.from_bytes(digest, "big") / 2**64 >= 0.7) + (int.from_bytes(digest, "big") / 2**64 >= 0.8)
    ]
