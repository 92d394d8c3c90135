"""Training files as their own libraries read them: the same values as in Parquet."""

from __future__ import annotations

import csv
import io
import pickle
import struct
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.dataset_vectors import table
from tests.unit.processors.training.tf_examples import examples

from headrace_events.errors import Invalid
from headrace_events.training_formats import FORMATS, must_be_format, must_hold
from headrace_processors.training.writers import write
from headrace_processors.training.writers.writing import WRITERS
from headrace_projections.history.errors import Impossible

COLUMNS = {
    "late": "boolean",
    "gates": "int",
    "seats": "bigint",
    "share": "float",
    "wind": "double",
    "origin": "string",
    "raw": "binary",
    "day": "date",
    "seen": "timestamp",
    "_key_flight": "string",
    "_event_time": "timestamp",
}
ROWS: list[list[Any]] = [
    [True, -7, 2**62, 0.1, 0.1, "Zürich\t\n", b"\x00\xff\x00", -1, -1, "a", 1],
    [False, 0, -(2**63), float("nan"), 1e300, "", b"", 15_706, 1_356_998_400_000_000, "b", 2],
    [None, None, None, None, None, None, None, None, None, "c", -3],
]
DATA = table(COLUMNS, ROWS)
NAMES = [name for name in COLUMNS if not name.startswith("_")]


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Write the rows in a format, in two batches."""

    def file(form: str, data: pa.Table = DATA) -> Path:
        path = tmp_path / f"train.{form}"
        assert write(path, form, data.schema, data.to_batches(max_chunksize=2)) == data.num_rows
        return path

    return file


class Unischema(SimpleNamespace):
    """In the place of Petastorm's."""


class OfPetastorm(pickle.Unpickler):
    """Reads what names Petastorm's classes, without them."""

    def find_class(self, module: str, name: str) -> Any:
        """The class itself, or what stands in for it."""
        if module == "petastorm.unischema":
            return {"Unischema": Unischema, "UnischemaField": lambda *values: values}[name]
        return super().find_class(module, name)


def unpickled(content: bytes) -> dict[str, Any]:
    """The attributes of a Unischema."""
    attributes: dict[str, Any] = vars(OfPetastorm(io.BytesIO(content)).load())
    return attributes


def bits(value: Any) -> Any:
    """Floats by their bits, so that NaN is NaN."""
    return struct.pack("<d", value) if isinstance(value, float) else value


def test_every_format_that_may_be_asked_for_has_a_writer() -> None:
    assert set(WRITERS) == set(FORMATS)
    with pytest.raises(Invalid, match="written as parquet, csv, tsv, tfrecord, npy, hdf5, petastorm, not 'avro'"):
        must_be_format("avro")


@pytest.mark.parametrize("form", [form for form, held in FORMATS.items() if held is not None])
def test_a_column_of_a_type_that_a_format_does_not_hold_is_refused(form: str) -> None:
    must_hold(form, COLUMNS)
    must_hold("parquet", {"fares": "map<string,double>"})
    with pytest.raises(Invalid, match=f"{form} does not hold column 'fares' of type map<string,double>") as refused:
        must_hold(form, {**COLUMNS, "fares": "map<string,double>"})
    assert refused.value.code == "unsupported-type"


def test_petastorm_holds_no_column_that_its_rows_could_not_name() -> None:
    must_hold("parquet", {"from": "string"})
    with pytest.raises(Invalid, match="named tuples, which hold no column 'from'") as refused:
        must_hold("petastorm", {"from": "string"})
    assert refused.value.code == "unsupported-name"


def test_parquet(written: Any) -> None:
    read = pq.read_table(written("parquet"))
    assert read.schema == DATA.schema
    for name in COLUMNS:
        assert [bits(value) for value in read.column(name).to_pylist()] == [
            bits(value) for value in DATA.column(name).to_pylist()
        ]


@pytest.mark.parametrize(("form", "dialect"), [("csv", "excel"), ("tsv", "excel-tab")])
def test_csv_and_tsv(form: str, dialect: str, written: Any) -> None:
    with written(form).open(newline="") as file:
        head, first, second, third = csv.reader(file, dialect)
    assert head == list(COLUMNS)
    assert dict(zip(head, first, strict=True)) | {"share": "0.1", "wind": "0.1"} == {
        "late": "true",
        "gates": "-7",
        "seats": str(2**62),
        "share": "0.1",
        "wind": "0.1",
        "origin": "Zürich\t\n",
        "raw": "00ff00",
        "day": "1969-12-31",
        "seen": "1969-12-31 23:59:59.999999Z",
        "_key_flight": "a",
        "_event_time": "1970-01-01 00:00:00.000001Z",
    }
    assert float(second[4]) == 1e300
    assert third[: len(NAMES)] == [""] * len(NAMES)


def test_npy(written: Any) -> None:
    records = np.load(written("npy"))
    assert records.shape == (3,)
    for name in NAMES:
        assert records[f"_null_{name}"].tolist() == [False, False, True]
    for name in ("late", "gates", "seats", "share", "wind"):
        assert [bits(value) for value in records[name].tolist()[:2]] == [
            bits(value) for value in DATA.column(name).to_pylist()[:2]
        ]
    assert records["origin"].tolist() == ["Zürich\t\n", "", ""]
    assert records["raw"].tolist() == ["00ff00", "", ""]
    assert records["day"].tolist()[:2] == DATA.column("day").to_pylist()[:2]
    assert records["seen"].astype("i8").tolist()[:2] == [-1, 1_356_998_400_000_000]
    assert np.isnat(records["seen"][2])
    assert np.isnan(records["wind"][2])
    assert records["_key_flight"].tolist() == ["a", "b", "c"]
    assert records["_event_time"].astype("i8").tolist() == [1, 2, -3]


def test_hdf5(written: Any) -> None:
    with h5py.File(written("hdf5")) as file:
        assert [name for name in file if name != "_null"] == list(COLUMNS)
        for name in NAMES:
            assert file[f"_null/{name}"][:].tolist() == [False, False, True]
        for name in ("late", "gates", "seats", "share", "wind"):
            assert [bits(value) for value in file[name][:].tolist()[:2]] == [
                bits(value) for value in DATA.column(name).to_pylist()[:2]
            ]
        assert file["origin"].asstr()[:].tolist() == ["Zürich\t\n", "", ""]
        assert file["raw"].asstr()[:].tolist() == ["00ff00", "", ""]
        assert file["day"][:].tolist() == [-1, 15_706, 0]
        assert file["day"].attrs["units"] == "days since 1970-01-01"
        assert file["_event_time"][:].tolist() == [1, 2, -3]
        assert file["_event_time"].attrs["units"] == "microseconds since 1970-01-01T00:00:00Z"


def test_tfrecord(written: Any) -> None:
    first, second, third = examples(written("tfrecord"))
    integers = {"late": 1, "gates": -7, "seats": 2**62, "day": -1, "seen": -1, "_event_time": 1}
    assert {name: first[name] for name in integers} == {name: [value] for name, value in integers.items()}
    assert first["share"] == first["wind"] == [float(np.float32(0.1))]
    assert struct.unpack("<d", *first["_double_wind"]) == (0.1,)
    assert (first["origin"], first["raw"], first["_key_flight"]) == (["Zürich\t\n".encode()], [b"\x00\xff\x00"], [b"a"])
    assert np.isnan(second["share"][0])
    assert second["wind"] == [float("inf")]
    assert struct.unpack("<d", *second["_double_wind"]) == (1e300,)
    assert (second["origin"], second["seats"]) == ([b""], [-(2**63)])
    assert set(third) == {"_key_flight", "_event_time"}


def test_petastorm(written: Any) -> None:
    read = pq.read_table(written("petastorm"))
    assert read.column("seen").to_pylist() == [-1, 1_356_998_400_000_000, None]
    assert read.column("day").to_pylist() == [-1, 15_706, None]
    assert read.column("origin") == DATA.column("origin")
    assert read.column_names == list(COLUMNS)
    described = unpickled(read.schema.metadata[b"dataset-toolkit.unischema.v1"])
    assert described["_name"] == "headrace"
    fields = described["_fields"]
    assert list(fields) == NAMES
    assert fields["wind"] == described["wind"] == ("wind", np.float64, (), None, True)
    assert fields["raw"] == ("raw", bytes, (), None, True)


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_rows_are_the_same_bytes_however_they_come(form: str, tmp_path: Path) -> None:
    contents = []
    for number in range(2):
        path = tmp_path / str(number)
        write(path, form, DATA.schema, DATA.to_batches())
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("form", "text", "reason"),
    [
        ("npy", "ends\0", "ends in a NUL character"),
        ("npy", "x" * 1_025, "a text of 1025 characters"),
        ("hdf5", "with\0in", "a text with a NUL character"),
    ],
)
def test_a_text_that_a_format_cannot_hold_is_named(form: str, text: str, reason: str, tmp_path: Path) -> None:
    rows = table({"note": "string"}, [["fine"], [text]])
    with pytest.raises(Impossible, match=f"column 'note' has .*{reason}.*: write parquet"):
        write(tmp_path / "train", form, rows.schema, rows.to_batches())


def test_npy_puts_few_records_of_many_long_texts_together_at_a_time(tmp_path: Path) -> None:
    names = [f"note{number}" for number in range(20)]
    data = pa.table({name: ["x" * 1_024] + ["y"] * 1_999 for name in names})
    tracemalloc.start()
    try:
        write(tmp_path / "train.npy", "npy", data.schema, data.to_batches())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    records = np.load(tmp_path / "train.npy", mmap_mode="r")
    assert records.nbytes > 160_000_000
    assert peak < 100_000_000
    assert (records["note19"] == np.array(data.column("note19"))).all()
