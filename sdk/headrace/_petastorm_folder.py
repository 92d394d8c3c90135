"""Training files of Petastorm: a folder per split, with a Parquet file and what `make_reader` looks for beside it."""

from __future__ import annotations

import io
import json
from pathlib import Path

PART = "part-00000.parquet"
COMMON = "_common_metadata"
_ROW_GROUPS = b"dataset-toolkit.num_row_groups_per_file.v1"


def common_metadata(path: Path) -> bytes:
    """What lies beside the file as COMMON: what its footer says of the fields, and how many row groups it has."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - only this format needs it

    with pq.ParquetFile(path) as file:
        schema, row_groups = file.schema_arrow, file.num_row_groups
    kept = {**(schema.metadata or {}), _ROW_GROUPS: json.dumps({PART: row_groups}).encode()}
    written = io.BytesIO()
    pq.write_metadata(schema.with_metadata(kept), written)
    return written.getvalue()
