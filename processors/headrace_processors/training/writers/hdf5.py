"""An HDF5 file: a dataset per column, and for each feature one in the group `_null`, true where it has no value."""

from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
import pyarrow as pa

from headrace_processors.training.writers.texts import as_text
from headrace_processors.training.writers.vectors import vectors
from headrace_projections.history.errors import Impossible

NULLS = "_null"
_CHUNK_ROWS = 16_384
_STORED_AS: dict[Any, Any] = {
    pa.bool_(): np.dtype("?"),
    pa.int32(): np.dtype("<i4"),
    pa.int64(): np.dtype("<i8"),
    pa.float32(): np.dtype("<f4"),
    pa.float64(): np.dtype("<f8"),
    pa.string(): h5py.string_dtype("utf-8"),
    pa.date32(): np.dtype("<i4"),
    pa.timestamp("us", tz="UTC"): np.dtype("<i8"),
}
_TEXT = h5py.string_dtype("ascii")
"""Of binaries and decimals."""
_UNITS: dict[Any, str] = {
    pa.date32(): "days since 1970-01-01",
    pa.timestamp("us", tz="UTC"): "microseconds since 1970-01-01T00:00:00Z",
}


class Hdf5Writer:
    """Appends to every dataset; those of dates and times say their `units`, and binaries are hexadecimal digits.

    Decimals are texts, too; an embedding is a row of its dataset.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = h5py.File(path, "w", track_order=True, libver="v110")
        self._rows = 0
        for field in schema:
            made = self._dataset(field.name, field.type)
            if field.type in _UNITS:
                made.attrs["units"] = _UNITS[field.type]
            if not field.name.startswith("_"):
                self._dataset(f"{NULLS}/{field.name}", pa.bool_())

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Take the next rows; raises Impossible for a text with a NUL character."""
        end = self._rows + batch.num_rows
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            self._append(name, _plain(name, column), end)
            if not name.startswith("_"):
                self._append(f"{NULLS}/{name}", column.is_null().to_numpy(zero_copy_only=False), end)
        self._rows = end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _dataset(self, name: str, kind: pa.DataType) -> Any:
        wide = (kind.list_size,) if pa.types.is_fixed_size_list(kind) else ()
        stored = _STORED_AS[kind.value_type] if wide else _STORED_AS.get(kind, _TEXT)
        rows = max(1, _CHUNK_ROWS // kind.list_size) if wide else _CHUNK_ROWS
        return self._file.create_dataset(
            name,
            shape=(0, *wide),
            maxshape=(None, *wide),
            dtype=stored,
            chunks=(rows, *wide),
            compression="gzip",
            track_times=False,
        )

    def _append(self, name: str, values: Any, end: int) -> None:
        dataset = self._file[name]
        dataset.resize(end, axis=0)
        if end > self._rows:
            dataset[self._rows : end] = values


def _plain(name: str, column: pa.Array) -> Any:
    kind = column.type
    if pa.types.is_fixed_size_list(kind):
        return vectors(column)
    if pa.types.is_string(kind) or kind not in _STORED_AS:
        texts = as_text(column).fill_null("").to_pylist()
        if any("\0" in text for text in texts):
            raise Impossible(f"column {name!r} has a text with a NUL character, which HDF5 cuts off: write parquet")
        return texts
    if pa.types.is_floating(kind):
        return column.fill_null(float("nan")).to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(kind):
        return column.fill_null(False).to_numpy(zero_copy_only=False)
    stored = pa.int64() if pa.types.is_timestamp(kind) or kind == pa.int64() else pa.int32()
    return column.cast(stored).fill_null(0).to_numpy(zero_copy_only=False)
