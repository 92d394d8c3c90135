"""A structured NumPy array: a record per row, with a field per column and one that says where it is null."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace_processors.training.writers.texts import as_text
from headrace_processors.training.writers.vectors import vectors
from headrace_projections.history.errors import Impossible

NULL = "_null_"
"""Goes before the name of a feature's column, for the field that is true where it has no value."""
MOST_CHARACTERS = 1_024
"""A field is as wide as the longest text of its column, in every record."""

_BYTES_AT_ONCE = 32 * 2**20
"""As many records are put together at a time, one at least: with many columns of long texts each takes a lot."""
_TYPES: dict[Any, str] = {
    pa.bool_(): "?",
    pa.int32(): "<i4",
    pa.int64(): "<i8",
    pa.float32(): "<f4",
    pa.float64(): "<f8",
    pa.date32(): "<M8[D]",
    pa.timestamp("us", tz="UTC"): "<M8[us]",
}


class NpyWriter:
    """Writes rows aside first: the head of the file says how many there are, and how long texts are."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        self._longest = {field.name: 1 for field in schema if _field_type(field.type) is None}
        self._rows = 0
        self._aside = path.with_name(f"{path.name}.aside")
        self._spool = pa.ipc.new_file(pa.OSFile(str(self._aside), "wb"), schema)

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Take the next rows; raises Impossible where a text does not fit into a field."""
        for name in self._longest:
            self._longest[name] = max(self._longest[name], _longest(name, as_text(batch.column(name))))
        self._rows += batch.num_rows
        self._spool.write_batch(batch)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        self._spool.close()
        if failed is None:
            self._write()
        self._aside.unlink()

    def _write(self) -> None:
        dtype = np.dtype([field for column in self._schema for field in self._fields(column)])
        head = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (self._rows,)}
        with self._path.open("wb") as file, pa.OSFile(str(self._aside)) as source:
            np.lib.format.write_array_header_2_0(file, head)
            at_once = max(1, _BYTES_AT_ONCE // dtype.itemsize)
            spooled = pa.ipc.open_file(source)
            for number in range(spooled.num_record_batches):
                batch = spooled.get_batch(number)
                for first in range(0, batch.num_rows, at_once):
                    file.write(self._records(batch.slice(first, at_once), dtype))

    def _records(self, batch: pa.RecordBatch, dtype: Any) -> bytes:
        records = np.zeros(batch.num_rows, dtype)
        for name in self._schema.names:
            _fill(records, name, batch.column(name))
        return records.tobytes()

    def _fields(self, column: pa.Field) -> list[tuple[str, Any]]:
        kind = _field_type(column.type) or f"<U{self._longest[column.name]}"
        identifies = column.name.startswith("_")
        return [(column.name, kind)] if identifies else [(column.name, kind), (NULL + column.name, "?")]


def _field_type(kind: pa.DataType) -> Any:
    """A field's type; None for one of texts, which are as long as the longest."""
    return (np.dtype("<f4"), (kind.list_size,)) if pa.types.is_fixed_size_list(kind) else _TYPES.get(kind)


def _fill(records: Any, name: str, column: pa.Array) -> None:
    missing = column.is_null().to_numpy(zero_copy_only=False)
    if NULL + name in records.dtype.names:
        records[NULL + name] = missing
    kind = column.type
    if pa.types.is_fixed_size_list(kind):
        records[name] = vectors(column)
    elif pa.types.is_floating(kind):
        records[name] = pc.fill_null(column, float("nan")).to_numpy(zero_copy_only=False)
    elif _field_type(kind) is None:
        records[name] = as_text(column).fill_null("").to_pylist()
    elif pa.types.is_boolean(kind):
        records[name] = column.fill_null(False).to_numpy(zero_copy_only=False)
    elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        stored = column.cast(pa.int32() if pa.types.is_date(kind) else pa.int64())
        times = stored.fill_null(0).to_numpy(zero_copy_only=False).astype("i8").astype(records.dtype[name])
        times[missing] = np.datetime64("NaT")
        records[name] = times
    else:
        records[name] = column.fill_null(0).to_numpy(zero_copy_only=False)


def _longest(name: str, column: pa.Array) -> int:
    longest = pc.max(pc.utf8_length(column)).as_py() or 0
    if longest > MOST_CHARACTERS:
        raise Impossible(
            f"column {name!r} has a text of {longest} characters: in npy files all texts take as much as the longest"
            f" of their column, and {MOST_CHARACTERS} are the most: write parquet"
        )
    if pc.any(pc.ends_with(column, "\0")).as_py():
        raise Impossible(f"column {name!r} has a text that ends in a NUL character, which npy drops: write parquet")
    return int(longest)
