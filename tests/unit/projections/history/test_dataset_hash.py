"""The hash of a training dataset."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.dataset_vectors import ARROW, BLOCK, Vector, slow_hash, table, vectors

from headrace_projections.history.hashing import DatasetHash

VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32),
    "double": st.floats(),
    "string": st.text(max_size=5),
    "binary": st.binary(max_size=5),
    "date": st.integers(-719_162, 2_932_896),
    "timestamp": st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999),
}


def hash_of(columns: Mapping[str, str], splits: Mapping[str, pa.Table], batch: int) -> str:
    made = DatasetHash(pa.schema([(name, ARROW[kind]) for name, kind in columns.items()]))
    for split, rows in splits.items():
        assert sum(part.num_rows for part in made.split(split, rows.to_batches(max_chunksize=batch))) == rows.num_rows
    return made.hexdigest()


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.name)
def test_the_hash_of_a_vector_is_the_one_written_down(vector: Vector) -> None:
    assert hash_of(vector.columns, vector.tables(), 2) == vector.hash
    assert slow_hash(vector.columns, vector.splits) == vector.hash


@st.composite
def datasets(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, list[list[Any]]]]:
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=5))
    columns = {f"c{number}": kind for number, kind in enumerate(kinds)}
    row = st.tuples(*(st.none() | VALUES[kind] for kind in kinds)).map(list)
    names = draw(st.lists(st.sampled_from(["train", "test", "ä"]), unique=True, max_size=3))
    return columns, {name: draw(st.lists(row, max_size=6)) for name in names}


@given(datasets(), st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_the_fast_encoding_equals_the_slow_one(
    dataset: tuple[dict[str, str], dict[str, list[list[Any]]]], batch: int
) -> None:
    columns, splits = dataset
    tables = {name: table(columns, rows) for name, rows in splits.items()}
    assert hash_of(columns, tables, batch) == slow_hash(columns, splits)


@pytest.mark.parametrize("batch", [1_000, BLOCK, 100_000])
def test_the_hash_does_not_depend_on_how_rows_are_cut_into_batches(batch: int) -> None:
    columns = {"amount": "double", "name": "string"}
    rows = [[None if number % 7 == 0 else math.sqrt(number), f"row {number}"] for number in range(2 * BLOCK + 5)]
    assert hash_of(columns, {"all": table(columns, rows)}, batch) == slow_hash(columns, {"all": rows})


def test_one_bit_of_one_value_changes_the_hash() -> None:
    columns = {"amount": "double"}
    near = [0.1, math.nextafter(0.1, 1), None, 0.0, -0.0]
    assert len({hash_of(columns, {"all": table(columns, [[value]])}, 9) for value in near}) == len(near)


def test_the_order_of_rows_and_their_split_change_the_hash() -> None:
    columns = {"count": "int"}
    rows: Sequence[Sequence[Sequence[int]]] = ([[1], [2]], [[2], [1]], [[1]], [[2]])
    one, other, first, second = (table(columns, part) for part in rows)
    made = [{"train": one}, {"train": other}, {"test": one}, {"train": first, "test": second}]
    assert len({hash_of(columns, splits, 9) for splits in made}) == len(made)
