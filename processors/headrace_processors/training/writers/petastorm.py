"""A Parquet file of a Petastorm dataset: Petastorm's description of the features is in its footer.

A dataset is a folder with such files and `_common_metadata`, which says the same and how many row groups each file has;
whoever takes the file elsewhere writes that beside it. Columns that identify an example are in the file, but no fields
of Petastorm's, whose names may not begin with an underscore.
"""

from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from headrace_processors.training.writers.lists import without_nulls
from headrace_processors.training.writers.unischema import KEY, Field, pickled

NAME = "headrace"
"""What the description is called."""
_TIME = pa.timestamp("us", tz="UTC")
_STORED_AS: dict[Any, Any] = {pa.date32(): pa.int32(), _TIME: pa.int64()}
"""Days and microseconds since 1970: of times Petastorm's rows can hold no nulls, and models want numbers."""
_SCALARS: dict[Any, str] = {
    pa.bool_(): "numpy bool_",
    pa.int32(): "numpy int32",
    pa.int64(): "numpy int64",
    pa.float32(): "numpy float32",
    pa.float64(): "numpy float64",
    pa.string(): "numpy str_",
    # NumPy's own bytes would lose NUL bytes at the end.
    pa.binary(): "builtins bytes",
    pa.date32(): "numpy int32",
    _TIME: "numpy int64",
}


def _field(name: str, kind: pa.DataType) -> Field:
    if pa.types.is_decimal(kind):
        return Field(name=name, kind="decimal Decimal")
    if pa.types.is_fixed_size_list(kind):
        return Field(name=name, kind=_SCALARS[kind.value_type], shape=(kind.list_size,))
    if pa.types.is_list(kind):
        return Field(name=name, kind=_SCALARS[kind.value_type], shape=(None,))
    return Field(name=name, kind=_SCALARS[kind])


def _stored_as(kind: pa.DataType) -> pa.DataType:
    """The type of the column in the file: older readers find no null among lists of one size."""
    return pa.list_(kind.value_type) if pa.types.is_fixed_size_list(kind) else _STORED_AS.get(kind, kind)


class PetastormWriter:
    """Each batch is a row group, which is what Petastorm's readers take at a time."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        features = [_field(field.name, field.type) for field in schema if not field.name.startswith("_")]
        described = pickled(NAME, features)
        stored = [(field.name, _stored_as(field.type)) for field in schema]
        self._schema = pa.schema(stored, metadata={KEY: described})
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Take the next rows; raises Impossible for a null in a list."""
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if pa.types.is_list(column.type):
                without_nulls(name, "petastorm", column)
        columns = [column.cast(field.type) for column, field in zip(batch.columns, self._schema, strict=True)]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
