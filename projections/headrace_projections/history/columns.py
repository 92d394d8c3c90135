"""Columns of a group inside a DuckDB query."""

from collections.abc import Iterable

from headrace_events.feature_type import Array, Decimal, Embedding, FeatureType, Flat, Map, Struct, parsed
from headrace_events.row_schema import Column
from headrace_projections.rows.groups import Group

STORED_TIME = "TIMESTAMP WITH TIME ZONE"


class _Types(dict[str, str]):
    """The flat types; nested ones are worked out when they are first asked for."""

    def __missing__(self, kind: str) -> str:
        found = self[kind] = _nested(parsed(kind))
        return found


def _nested(kind: FeatureType) -> str:
    match kind:
        case Flat():
            return STORED_TIME if kind.name == "timestamp" else SQL_TYPES[kind.name]
        case Decimal():
            return f"DECIMAL({kind.precision},{kind.scale})"
        case Embedding():
            return "FLOAT[]"
        case Array():
            return f"{_nested(kind.item)}[]"
        case Map():
            return f"MAP(VARCHAR, {_nested(kind.item)})"
        case Struct():
            return f"STRUCT({', '.join(f'{quoted(name)} {_nested(inner)}' for name, inner in kind.fields)})"


SQL_TYPES = _Types(
    {
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
)
"""Feature type → DuckDB type inside a query; timestamps are microseconds there, but for those inside others."""


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


def counting(group: Group) -> str:
    """The condition that a stored row was not cleared away, whether or not the table has let go of it yet."""
    if not any(group.begins):
        return "true"
    each = (f'("_partition" = {number} AND "_offset" >= {begins})' for number, begins in enumerate(group.begins))
    return f"({' OR '.join(each)})"
