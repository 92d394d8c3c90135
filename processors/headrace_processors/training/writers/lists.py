"""Arrays for formats whose lists hold no nulls."""

import pyarrow as pa

from headrace_projections.history.errors import Impossible


def without_nulls(name: str, form: str, column: pa.Array) -> pa.Array:
    """The column of lists itself; raises Impossible where one of them holds a null."""
    if column.flatten().null_count:
        raise Impossible(f"column {name!r} has a list with a null in it, which {form} does not hold: write parquet")
    return column
