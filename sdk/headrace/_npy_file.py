"""Training files of NumPy: a structured array, whose fields `_null_<feature>` are true where there is no value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

NULL = "_null_"
BLOCK_ROWS = 16_384


def npy_batches(path: Path, types: Mapping[str, str], schema: Any) -> Iterator[Any]:
    """The file's rows in order, as Arrow record batches."""
    import numpy as np  # noqa: PLC0415 - only training data needs it
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        (rows,), _, dtype = np.lib.format.read_array_header_2_0(file, max_header_size=path.stat().st_size)
        for first in range(0, rows, BLOCK_ROWS):
            count = min(BLOCK_ROWS, rows - first)
            records = np.frombuffer(file.read(count * dtype.itemsize), dtype)
            columns = [_column(records, name, kind, schema.field(name).type) for name, kind in types.items()]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(records: Any, name: str, kind: str, arrow: Any) -> Any:
    import numpy as np  # noqa: PLC0415 - only training data needs it
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    from headrace._training_files import unhexed, vectors  # noqa: PLC0415 - it imports this module

    values = np.ascontiguousarray(records[name])
    mask = np.ascontiguousarray(records[NULL + name]) if NULL + name in records.dtype.names else None
    if pa.types.is_fixed_size_list(arrow):
        return vectors(values, mask, arrow)
    if values.dtype.kind == "U":
        texts = pa.array(values.tolist(), pa.string(), mask=mask)
        return unhexed(texts) if kind == "binary" else texts.cast(arrow)
    if kind in {"date", "timestamp"}:
        width = np.int32 if kind == "date" else np.int64
        return pa.array(values.astype(np.int64).astype(width), mask=mask).cast(arrow)
    return pa.array(values, arrow, mask=mask)
