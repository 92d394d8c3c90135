"""Reading training files of any format into Arrow batches of the view's types; memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from keyword import iskeyword
from pathlib import Path
from typing import Any, Literal, get_args

from headrace._errors import Invalid
from headrace._feature_types import FLAT, FeatureType, parsed

DataFormat = Literal["parquet", "csv", "tsv", "tfrecord", "npy", "hdf5", "petastorm"]


_NUMBERS = ("boolean", "int", "bigint", "float", "double")
_HOLDS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "csv": (("decimal",), ()),
    "tsv": (("decimal",), ()),
    "tfrecord": (("decimal", "embedding"), FLAT),
    "npy": (("decimal", "embedding"), ()),
    "hdf5": (("decimal", "embedding"), ()),
    "petastorm": (("decimal", "embedding"), _NUMBERS),
}
"""What a format holds beside flat types, and which items in arrays; those that are not here hold all there is."""


def must_hold(form: str, types: Mapping[str, str]) -> None:
    """Raise Invalid for a format that is not offered, or that does not hold one of the columns (name → type)."""
    if form not in get_args(DataFormat):
        raise Invalid(
            f"training data is written as {', '.join(get_args(DataFormat))}, not {form!r}", code="unknown-format"
        )
    for column, kind in types.items():
        if form in _HOLDS and not _holds(form, parsed(kind)):
            raise Invalid(
                f"{form} does not hold column {column!r} of type {kind}: write parquet, or a view without it",
                code="unsupported-type",
                details={"column": column, "type": kind, "format": form},
            )
        if form == "petastorm" and iskeyword(column):
            raise Invalid(
                f"petastorm gives rows as named tuples, which hold no column {column!r}, a word of Python's:"
                " write parquet, or a view that joins its group with a prefix",
                code="unsupported-name",
                details={"column": column, "format": form},
            )


def _holds(form: str, kind: FeatureType) -> bool:
    more, items = _HOLDS[form]
    if kind.name == "array":
        return kind.inner[0].name in items
    return kind.name in FLAT or kind.name in more


def schema_of(types: Mapping[str, str]) -> Any:
    """Arrow's schema of these columns (name → feature type)."""
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    return pa.schema([(name, arrow_of(parsed(kind))) for name, kind in types.items()])


def arrow_of(kind: FeatureType) -> Any:
    """Arrow's type of such values; that of an embedding says how many floats it has."""
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    inner = [arrow_of(one) for one in kind.inner]
    match kind.name:
        case "decimal":
            return pa.decimal128(*kind.numbers)
        case "embedding":
            return pa.list_(pa.float32(), *kind.numbers)
        case "array":
            return pa.list_(*inner)
        case "map":
            return pa.map_(pa.string(), *inner)
        case "struct":
            return pa.struct(list(zip(kind.names, inner, strict=True)))
    flat = {
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
    return flat[kind.name]


def vectors(values: Any, mask: Any, arrow: Any) -> Any:
    """Embeddings of an array of shape (rows, floats)."""
    import numpy as np  # noqa: PLC0415 - only training data needs it
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    missing = None if mask is None else pa.array(np.ascontiguousarray(mask))
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).ravel()), type=arrow, mask=missing)


def batches(path: Path, form: str, types: Mapping[str, str]) -> Iterator[Any]:
    """The file's rows in order; `docs/training-data.md` says how each format holds nulls and times."""
    match form:
        case "parquet" | "petastorm":
            yield from _parquet_batches(path, types)
        case "csv" | "tsv":
            if path.stat().st_size:
                yield from _delimited_batches(path, "," if form == "csv" else "\t", types)
        case "npy":
            from headrace._npy_file import npy_batches  # noqa: PLC0415 - only this format needs it

            yield from npy_batches(path, types, schema_of(types))
        case "hdf5":
            from headrace._hdf5_file import hdf5_batches  # noqa: PLC0415 - only this format needs it

            yield from hdf5_batches(path, types, schema_of(types))
        case _:
            from headrace._tfrecord_file import tfrecord_batches  # noqa: PLC0415 - only this format needs it

            yield from tfrecord_batches(path, types, schema_of(types))


def _parquet_batches(path: Path, types: Mapping[str, str]) -> Iterator[Any]:
    """Dates and times may be stored as numbers of days and microseconds."""
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it
    import pyarrow.parquet as pq  # noqa: PLC0415 - only training data needs it

    schema = schema_of(types)
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=list(types)):
            columns = [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _delimited_batches(path: Path, delimiter: str, types: Mapping[str, str]) -> Iterator[Any]:
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
    parse = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    with csv.open_csv(path, convert_options=convert, parse_options=parse) as file:
        for batch in file:
            columns = [
                unhexed(column) if kind == "binary" else column
                for column, kind in zip(batch.columns, types.values(), strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def unhexed(column: Any) -> Any:
    """Binaries of their hexadecimal digits."""
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    return pa.array([None if text is None else bytes.fromhex(text) for text in column.to_pylist()], pa.binary())
