"""Training files: what is written can be read back, value by value."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from tests.unit.dataset_vectors import Vector, table, vectors
from tests.unit.processors.training.orders import ORDERS, VIEW
from tests.unit.projections.history.offline_rows import write
from tests.unit.projections.history.slow_join import Row

from headrace_broker.artifacts import Artifacts
from headrace_events.ids import Micros
from headrace_events.training_dataset import Split
from headrace_processors.training.making import make
from headrace_processors.training.writers import write as write_file
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Unavailable
from headrace_projections.history.view import GroupHistory, StoredFile, ViewHistory

SPLITS = (
    Split(name="train", start=Micros(0), end=Micros(10)),
    Split(name="test", start=Micros(10), end=Micros(20)),
)


def history(folder: Path) -> ViewHistory:
    rows = [
        Row(
            values={"id": 100 - number, "amount": number / 7, "shop": None if number % 3 else f"s{number}"},
            time=number,
            known_at=0,
            offset=number,
        )
        for number in range(20)
    ]
    file = StoredFile(path=write(folder / "orders.parquet", ORDERS, rows))
    return ViewHistory(view=VIEW, root=GroupHistory(group=ORDERS, files=(file,), ends={0: 18}))


RANDOM = tuple(
    Split(name=name, start=Micros(0), end=Micros(20), share=share) for name, share in (("train", 0.5), ("test", 0.5))
)


def made(folder: Path, form: str, splits: tuple[Split, ...] = SPLITS, seed: int | None = None) -> tuple[Any, Artifacts]:
    artifacts = Artifacts.at(folder.as_uri())
    store = partial(artifacts.store, "shop")
    return make(history(folder), splits, form, seed=seed, engine=Engine(), store=store), artifacts


def keys_in(dataset: Any, artifacts: Artifacts) -> list[list[int]]:
    """The keys in each split."""
    tables = [pq.read_table(pa.BufferReader(artifacts.read("shop", file.sha256))) for file in dataset.files]
    return [rows.column("_key_id").to_pylist() for rows in tables]


def test_each_split_is_a_stored_file_named_by_its_bytes(tmp_path: Path) -> None:
    dataset, artifacts = made(tmp_path, "parquet")
    assert [(file.split, file.rows) for file in dataset.files] == [("train", 10), ("test", 8)]
    for file in dataset.files:
        content = artifacts.read("shop", file.sha256)
        assert file.address == f"artifacts/{hashlib.sha256(content).hexdigest()}"
        assert file.size == len(content)
    train = pq.read_table(pa.BufferReader(artifacts.read("shop", dataset.files[0].sha256)))
    assert train.column_names == ["amount", "shop", "_key_id", "_event_time"]
    assert train.column("_key_id").to_pylist() == list(range(91, 101))


def test_the_hash_is_that_of_the_rows_whatever_the_format(tmp_path: Path) -> None:
    parquet, _ = made(tmp_path, "parquet")
    csv, _ = made(tmp_path, "csv")
    assert csv.hash == parquet.hash
    assert csv.files[0].sha256 != parquet.files[0].sha256


def test_a_dataset_made_twice_has_the_same_files_and_hash(tmp_path: Path) -> None:
    assert made(tmp_path, "parquet")[0] == made(tmp_path, "parquet")[0]


def test_random_splits_have_each_example_once_in_order_and_the_same_ones_again(tmp_path: Path) -> None:
    train, test = keys_in(*made(tmp_path, "parquet", RANDOM, seed=7))
    assert sorted(train + test) == list(range(83, 101))
    assert (train, test) == (sorted(train), sorted(test))
    assert train
    assert test
    assert made(tmp_path, "parquet", RANDOM, seed=7) == made(tmp_path, "parquet", RANDOM, seed=7)
    assert keys_in(*made(tmp_path, "parquet", RANDOM, seed=8)) != [train, test]


def test_a_split_that_draws_nothing_is_an_empty_file(tmp_path: Path) -> None:
    splits = (replace(RANDOM[0], share=1 - 1e-12), replace(RANDOM[1], share=1e-12))
    dataset, artifacts = made(tmp_path, "parquet", splits)
    assert [file.rows for file in dataset.files] == [18, 0]
    assert keys_in(dataset, artifacts)[1] == []


def test_a_disk_that_takes_no_file_is_unavailable(tmp_path: Path) -> None:
    def full(path: Path) -> str:
        raise OSError(28, "No space left on device")

    with pytest.raises(Unavailable, match="No space left"):
        make(history(tmp_path), SPLITS, "parquet", engine=Engine(), store=full)


OF_CSV = [vector for vector in vectors() if vector.name not in {"embeddings", "arrays", "nested values"}]


@pytest.mark.parametrize("vector", OF_CSV, ids=lambda vector: vector.name)
def test_csv_tells_every_value_from_every_other(vector: Vector, tmp_path: Path) -> None:
    for name, rows in vector.tables().items():
        path = tmp_path / name
        assert write_file(path, "csv", vector.schema, rows.to_batches()) == rows.num_rows
        kinds = {field.name: pa.string() if pa.types.is_binary(field.type) else field.type for field in vector.schema}
        read = pyarrow.csv.read_csv(
            path,
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=kinds, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )
        for field in vector.schema:
            column = read.column(field.name).to_pylist()
            if pa.types.is_binary(field.type):
                column = [None if value is None else bytes.fromhex(value) for value in column]
            assert [_plain(value) for value in column] == [
                _plain(value) for value in rows.column(field.name).to_pylist()
            ]


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value.hex()
    return value


def test_an_empty_string_in_csv_is_no_null(tmp_path: Path) -> None:
    rows = table({"name": "string"}, [[""], [None], ['"'], ["a,b\nc"]])
    write_file(tmp_path / "f", "csv", rows.schema, rows.to_batches())
    assert (tmp_path / "f").read_text() == '"name"\n""\n\n""""\n"a,b\nc"\n'
