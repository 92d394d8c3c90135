"""What the training processor writes, the SDK reads, and both agree on its hash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.unit.dataset_vectors import Vector, table, vectors

from headrace import Invalid as RefusedHere
from headrace import _dataset_hash as of_the_sdk
from headrace._training_files import batches, schema_of
from headrace._training_files import must_hold as of_the_sdk_must_hold
from headrace_events.errors import Invalid as RefusedByServer
from headrace_events.training_formats import FORMATS
from headrace_events.training_formats import must_hold as of_the_server_must_hold
from headrace_processors.training.writers import write
from headrace_projections.history import hashing as of_the_server


def stored(
    folder: Path, form: str, schema: pa.Schema, splits: dict[str, pa.Table], rows_at_once: int = 7
) -> tuple[dict[str, Path], str]:
    """The files of a dataset, and the hash that the server gave it."""
    made = of_the_server.DatasetHash(schema)
    paths = {}
    for number, (name, rows) in enumerate(splits.items()):
        paths[name] = folder / str(number)
        write(paths[name], form, schema, made.split(name, rows.to_batches(max_chunksize=rows_at_once)))
    return paths, made.hexdigest()


def holds(form: str, columns: Mapping[str, str]) -> bool:
    """Whether the server writes such columns in that format; the SDK thinks the same."""
    said = []
    for must_hold, refused in ((of_the_server_must_hold, RefusedByServer), (of_the_sdk_must_hold, RefusedHere)):
        try:
            must_hold(form, columns)
        except refused as why:
            said.append((why.code, why.message))
        else:
            said.append(("held", form))
    assert said[0] == said[1]
    return said[0] == ("held", form)


def recomputed(paths: dict[str, Path], form: str, columns: dict[str, str]) -> str:
    made = of_the_sdk.DatasetHash(schema_of(columns))
    for name, path in paths.items():
        made.add_split(name, batches(path, form, columns))
    return made.hexdigest()


HELD = [(vector, form) for vector in vectors() for form in FORMATS if holds(form, vector.columns)]


@pytest.mark.parametrize(("vector", "form"), HELD, ids=lambda one: getattr(one, "name", one))
def test_the_hash_computed_from_the_files_is_the_servers(vector: Vector, form: str, tmp_path: Path) -> None:
    columns = dict(vector.columns)
    paths, made = stored(tmp_path, form, vector.schema, vector.tables())
    assert made == vector.hash
    assert recomputed(paths, form, columns) == vector.hash


def test_every_format_holds_what_it_says() -> None:
    kinds = {
        "decimals": FORMATS.keys(),
        "embeddings": {"parquet", "tfrecord", "npy", "hdf5", "petastorm"},
        "arrays": {"parquet", "tfrecord", "petastorm"},
        "nested values": {"parquet"},
    }
    assert {name: {form for vector, form in HELD if vector.name == name} for name in kinds} == kinds


@pytest.mark.parametrize(("vector", "form"), HELD, ids=lambda one: getattr(one, "name", one))
def test_every_value_is_read_as_it_was_written(vector: Vector, form: str, tmp_path: Path) -> None:
    paths, _ = stored(tmp_path, form, vector.schema, vector.tables())
    for name, rows in vector.tables().items():
        read = pa.Table.from_batches(batches(paths[name], form, vector.columns), vector.schema)
        assert repr(read.to_pylist()) == repr(rows.to_pylist())


@pytest.mark.parametrize("form", FORMATS)
def test_rows_are_read_as_they_were_written(form: str, tmp_path: Path) -> None:
    columns = {"name": "string", "amount": "double", "raw": "binary", "_key_id": "bigint"}
    rows: Iterable[Any] = [["", 0.1, b"\0", 1], [None, None, None, 2], ['a "b",\n', -0.0, b"", 3]]
    data = table(columns, list(rows))
    paths, _ = stored(tmp_path, form, data.schema, {"all": data})
    read = pa.Table.from_batches(batches(paths["all"], form, columns), data.schema)
    assert read.equals(data)


@pytest.mark.parametrize("form", FORMATS)
def test_a_large_file_is_read_in_parts(form: str, tmp_path: Path) -> None:
    columns = {"amount": "double", "_key_id": "bigint"}
    data = pa.table(
        {"amount": pa.array([number / 7 for number in range(100_000)]), "_key_id": pa.array(range(100_000))}
    )
    paths, made = stored(tmp_path, form, data.schema, {"all": data}, 10_000)
    parts = [batch.num_rows for batch in batches(paths["all"], form, columns)]
    assert sum(parts) == 100_000
    assert max(parts) < 100_000
    assert recomputed(paths, form, columns) == made
