"""Nested columns, decimals and embeddings on their way from the offline store into training files."""

from __future__ import annotations

import io
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.dataset_vectors import slow_hash, table
from tests.unit.processors.training.tf_examples import examples
from tests.unit.projections.history.offline_rows import group, write
from tests.unit.projections.history.slow_join import Row

from headrace_broker.artifacts import Artifacts
from headrace_events.feature_view import FeatureViewCreated, GroupSelection, Join, KeyPair
from headrace_events.ids import Micros
from headrace_events.training_dataset import Split
from headrace_processors.training.making import make
from headrace_processors.training.writers import write as write_file
from headrace_projections.history.engine import Engine
from headrace_projections.history.errors import Impossible
from headrace_projections.history.view import GroupHistory, StoredFile, ViewHistory

NESTED = {
    "price": "decimal(10,2)",
    "place": "embedding(2)",
    "codes": "array<bigint>",
    "fares": "map<string,double>",
    "address": "struct<city:string,at:timestamp>",
    "raw": "binary",
}
CITIES: list[dict[str, Any]] = [
    {
        "price": Decimal("1.50"),
        "place": [0.5, -0.0],
        "codes": [2**60, None],
        "fares": [("b", 1.5), ("a", None)],
        "address": {"city": "Zürich", "at": None},
        "raw": b"\0",
    },
    dict.fromkeys(NESTED),
]
FLIGHTS = group("flights", {"id": "bigint", "at": "timestamp", "city": "bigint"}, ["id"])
PLACES = group("places", {"city": "bigint", "at": "timestamp"} | NESTED, ["city"])
VIEW = FeatureViewCreated(
    name="flights",
    version=1,
    description="",
    root=GroupSelection(group="flights", version=1, features=("city",)),
    joins=(
        Join(
            selection=GroupSelection(group="places", version=1, features=tuple(NESTED)),
            kind="left",
            on=(KeyPair(left="city", right="city"),),
        ),
    ),
    labels=(),
)
SPLITS = (Split(name="train", start=Micros(0), end=Micros(10)),)


def history(folder: Path) -> ViewHistory:
    """Flights to two cities, and to one of which nothing is known."""
    flights = [Row(values={"id": n, "city": n}, time=5, known_at=0, offset=n) for n in range(3)]
    places = [Row(values={"city": n} | city, time=1, known_at=0, offset=n) for n, city in enumerate(CITIES)]
    of_flights = StoredFile(path=write(folder / "flights.parquet", FLIGHTS, flights))
    of_places = StoredFile(path=write(folder / "places.parquet", PLACES, places))
    return ViewHistory(
        view=VIEW,
        root=GroupHistory(group=FLIGHTS, files=(of_flights,), ends={0: 9}),
        joined=(GroupHistory(group=PLACES, files=(of_places,), ends={0: 9}),),
    )


def test_nested_values_are_joined_written_counted_and_hashed(tmp_path: Path) -> None:
    artifacts = Artifacts.at(tmp_path.as_uri())
    made = make(history(tmp_path), SPLITS, "parquet", engine=Engine(), store=partial(artifacts.store, "shop"))
    (file,) = made.files
    rows = pq.read_table(pa.BufferReader(artifacts.read("shop", file.sha256))).to_pylist()
    seen = [*CITIES, dict.fromkeys(NESTED)]
    assert rows == [
        {"city": n, **city, "_key_id": n, "_event_time": rows[0]["_event_time"]} for n, city in enumerate(seen)
    ]
    types = {"city": "bigint", **NESTED, "_key_id": "bigint", "_event_time": "timestamp"}
    assert made.hash == slow_hash(types, {"train": [[n, *city.values(), n, 5] for n, city in enumerate(seen)]})
    told = orjson.loads(artifacts.read("shop", made.statistics))["splits"]["train"]["features"]
    assert {one["name"]: one["nulls"] for one in told} == {"city": 0, **dict.fromkeys(NESTED, 2)}
    assert next(one["mean"] for one in told if one["name"] == "price") == 1.5


def test_a_format_that_does_not_hold_a_column_names_it(tmp_path: Path) -> None:
    with pytest.raises(Impossible, match=r"csv does not hold column 'place' of type embedding\(2\): write parquet"):
        make(history(tmp_path), SPLITS, "csv", engine=Engine(), store=str)


COLUMNS = {"price": "decimal(10,2)", "place": "embedding(2)"}
ROWS: list[list[Any]] = [[Decimal("1.50"), [0.5, -1.0]], [None, None], [Decimal("-0.01"), [0.0, float("inf")]]]


def written(folder: Path, form: str, columns: dict[str, str], rows: list[list[Any]]) -> Path:
    """A file of these rows, in two batches."""
    data = table(columns, rows)
    write_file(folder / "train", form, data.schema, data.to_batches(max_chunksize=2))
    return folder / "train"


def test_npy_has_embeddings_as_vectors_and_decimals_as_texts(tmp_path: Path) -> None:
    records = np.load(io.BytesIO(written(tmp_path, "npy", COLUMNS, ROWS).read_bytes()))
    assert records["place"].dtype == np.float32
    np.testing.assert_array_equal(records["place"], [[0.5, -1], [np.nan, np.nan], [0, np.inf]])
    assert records["_null_place"].tolist() == records["_null_price"].tolist() == [False, True, False]
    assert records["price"].tolist() == ["1.50", "", "-0.01"]


def test_hdf5_has_embeddings_as_rows_and_decimals_as_texts(tmp_path: Path) -> None:
    with h5py.File(written(tmp_path, "hdf5", COLUMNS, ROWS)) as file:
        np.testing.assert_array_equal(file["place"][:], [[0.5, -1], [np.nan, np.nan], [0, np.inf]])
        assert file["_null/place"][:].tolist() == [False, True, False]
        assert file["price"].asstr()[:].tolist() == ["1.50", "", "-0.01"]


def test_tfrecord_has_embeddings_and_arrays_as_lists(tmp_path: Path) -> None:
    columns = COLUMNS | {"codes": "array<bigint>", "names": "array<string>", "winds": "array<double>"}
    rows = [[*ROWS[0], [1, -(2**63)], ["ä", ""], [0.1, 1e300]], [None] * 5, [*ROWS[2], [], [], []]]
    first, second, third = examples(written(tmp_path, "tfrecord", columns, rows))
    assert (first["price"], first["place"]) == ([b"1.50"], [0.5, -1.0])
    assert (first["codes"], first["names"]) == ([1, -(2**63)], ["ä".encode(), b""])
    assert first["winds"] == [float(np.float32(0.1)), float("inf")]
    assert np.frombuffer(*first["_double_winds"]).tolist() == [0.1, 1e300]
    assert second == {}
    assert third["codes"] == third["names"] == third["winds"] == []


@pytest.mark.parametrize("form", ["tfrecord", "petastorm"])
def test_a_null_in_a_list_is_named_where_a_format_has_none(form: str, tmp_path: Path) -> None:
    with pytest.raises(Impossible, match=f"column 'codes' has a list with a null in it, which {form} does not hold"):
        written(tmp_path, form, {"codes": "array<bigint>"}, [[[1]], [[2, None]]])
