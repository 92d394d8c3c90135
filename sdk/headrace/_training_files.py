"""Reading training files, Parquet or CSV, into Arrow batches of the view's types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def schema_of(types: Mapping[str, str]) -> Any:
    """Arrow's schema of these columns (name → feature type)."""
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    arrow = {
        "boolean": pa.bool_(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "string": pa.string(),
        "binary": pa.binary(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }
    return pa.schema([(name, arrow[kind]) for name, kind in types.items()])


def batches(path: Path, form: str, types: Mapping[str, str]) -> Iterator[Any]:
    """The file's rows in order; memory does not grow with the file."""
    if form == "parquet":
        import pyarrow.parquet as pq  # noqa: PLC0415 - only training data needs it

        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(columns=list(types))
    elif path.stat().st_size:
        yield from _csv_batches(path, types)


def _csv_batches(path: Path, types: Mapping[str, str]) -> Iterator[Any]:
    """Nulls are empty and not quoted; binaries are hexadecimal digits."""
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it
    from pyarrow import csv  # noqa: PLC0415 - only training data needs it

    schema = schema_of(types)
    written = {name: pa.string() if kind == "binary" else schema.field(name).type for name, kind in types.items()}
    convert = csv.ConvertOptions(
        column_types=written,
        include_columns=list(types),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    with csv.open_csv(path, convert_options=convert, parse_options=csv.ParseOptions(newlines_in_values=True)) as file:
        for batch in file:
            columns = [
                pa.array([None if text is None else bytes.fromhex(text) for text in column.to_pylist()], pa.binary())
                if kind == "binary"
                else column
                for column, kind in zip(batch.columns, types.values(), strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)
