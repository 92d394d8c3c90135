"""The SDK's own hash of a training dataset."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from tests.unit.dataset_vectors import BLOCK, Vector, slow_hash, table, vectors

from headrace._dataset_hash import DatasetHash
from headrace._errors import Invalid


@pytest.mark.parametrize("batch", [1, 2, 100])
@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.name)
def test_the_hash_of_a_vector_is_the_one_written_down(vector: Vector, batch: int) -> None:
    made = DatasetHash(vector.schema)
    for name, rows in vector.tables().items():
        made.add_split(name, rows.to_batches(max_chunksize=batch))
    assert made.hexdigest() == vector.hash


@pytest.mark.parametrize("batch", [1_000, BLOCK, 100_000])
def test_the_hash_does_not_depend_on_how_rows_are_cut_into_batches(batch: int) -> None:
    columns = {"amount": "double", "small": "float", "name": "string"}
    rows = [
        [None if number % 7 == 0 else math.sqrt(number), math.nan if number % 5 == 0 else 0.5, f"row {number}"]
        for number in range(2 * BLOCK + 5)
    ]
    data = table(columns, rows)
    made = DatasetHash(data.schema)
    made.add_split("all", data.to_batches(max_chunksize=batch))
    assert made.hexdigest() == slow_hash(columns, {"all": rows})


def test_a_type_that_no_training_file_has_is_refused() -> None:
    with pytest.raises(Invalid, match="a training file does not hold int8"):
        DatasetHash(pa.schema([("gates", pa.int8())]))
