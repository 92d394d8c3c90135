"""How the columns of a commit are encoded in Parquet: with a dictionary where values repeat, and without where not.

Without being told, the writer collects the values of every column until its dictionary is too large, and then writes
them as they are: of numbers that are all different that is most of the time a commit takes.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import ColumnProperties, WriterProperties

SAMPLE = 2_000
"""So many rows are looked at, and where there are fewer none: those are written soon."""
_REPEATED = 0.5
"""The share of different values from which on a dictionary is not tried."""


def writer_properties(rows: Any) -> WriterProperties:
    """How an Arrow table is written."""
    alone = ColumnProperties(dictionary_enabled=False)
    looked_at = rows.column_names if rows.num_rows >= SAMPLE else ()
    varied = {name: alone for name in looked_at if _varied(rows.column(name).slice(0, SAMPLE))}
    return WriterProperties(compression="SNAPPY", column_properties=varied)


def _varied(column: Any) -> bool:
    if pa.types.is_nested(column.type):
        return False
    return bool(pc.count_distinct(column).as_py() > _REPEATED * len(column))
