"""Training files: Parquet, or CSV in which every value can be told from every other."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq


def write(path: Path, form: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write the batches as `parquet` or `csv`; return how many rows there were. Raises OSError."""
    writer = pq.ParquetWriter(path, schema, compression="zstd") if form == "parquet" else _CsvWriter(path, schema)
    rows = 0
    with writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


class _CsvWriter:
    """Strings are quoted and nulls are not, so that an empty string is no null; binaries are hexadecimal digits."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = pa.schema([(field.name, _as_text(field.type)) for field in schema])
        self._writer = pyarrow.csv.CSVWriter(path, self._schema)

    def write_batch(self, batch: pa.RecordBatch) -> None:
        columns = [_hexadecimal(column) for column in batch.columns]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def __enter__(self) -> "_CsvWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()


def _as_text(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_binary(kind) else kind


def _hexadecimal(column: pa.Array) -> pa.Array:
    if not pa.types.is_binary(column.type):
        return column
    return pa.array([None if value is None else value.hex() for value in column.to_pylist()], pa.string())
