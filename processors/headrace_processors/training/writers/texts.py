"""Values as texts: binaries as hexadecimal digits, decimals in plain digits."""

import pyarrow as pa


def as_text(column: pa.Array) -> pa.Array:
    """The column of strings itself, or that of the texts for its values."""
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_binary(column.type):
        return pa.array([None if value is None else value.hex() for value in column.to_pylist()], pa.string())
    return pa.array([None if value is None else f"{value:f}" for value in column.to_pylist()], pa.string())
