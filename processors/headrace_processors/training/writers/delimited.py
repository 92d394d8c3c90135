"""CSV and TSV in which every value can be told from every other."""

from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.csv

from headrace_processors.training.writers.texts import as_text


class DelimitedWriter:
    """Strings are quoted and nulls are not, so that an empty string is no null; binaries are hexadecimal digits."""

    def __init__(self, path: Path, schema: pa.Schema, delimiter: str) -> None:
        self._schema = pa.schema([(field.name, _written_as(field.type)) for field in schema])
        options = pyarrow.csv.WriteOptions(delimiter=delimiter)
        self._writer = pyarrow.csv.CSVWriter(path, self._schema, write_options=options)

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Take the next rows."""
        columns = [as_text(column) if pa.types.is_binary(column.type) else column for column in batch.columns]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()


def _written_as(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_binary(kind) else kind
