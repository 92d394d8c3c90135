"""The types of features, in the three places that hold them: the log, Arrow and DuckDB."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from headrace_events.row_schema import AVRO_TYPES, Column

ARROW_TYPES: Mapping[str, pa.DataType] = {
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
"""Feature type → Arrow type of a training file's column."""

SQL_TYPES: Mapping[str, str] = {
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp": "BIGINT",
}
"""Feature type → DuckDB type inside a query; timestamps are microseconds there."""

if not AVRO_TYPES.keys() == ARROW_TYPES.keys() == SQL_TYPES.keys():
    raise AssertionError("a feature type is missing from one of the maps")


def quoted(name: str) -> str:
    """The name as an identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as a string in SQL."""
    return "'" + text.replace("'", "''") + "'"


def types_of(columns: Iterable[Column]) -> dict[str, str]:
    """Column name → feature type."""
    return {column.name: column.type for column in columns}


def typed_as(name: str, kind: str) -> str:
    """The stored column as its type inside a query."""
    value = f"epoch_us({quoted(name)})" if kind == "timestamp" else quoted(name)
    return f"CAST({value} AS {SQL_TYPES[kind]})"
