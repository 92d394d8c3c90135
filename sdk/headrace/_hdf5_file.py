"""Training files of HDF5: a dataset per column; those in the group `_null` are true where there is no value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headrace._errors import Invalid

NULLS = "_null"
BLOCK_ROWS = 16_384


def hdf5_batches(path: Path, types: Mapping[str, str], schema: Any) -> Iterator[Any]:
    """The file's rows in order, as Arrow record batches; raises Invalid where h5py is not installed."""
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    try:
        import h5py  # noqa: PLC0415 - only this format needs it
    except ImportError:
        raise Invalid("reading HDF5 needs h5py: pip install 'headrace[formats]'", code="not-installed") from None
    with h5py.File(path) as file:
        rows = file[next(iter(types))].shape[0]
        for first in range(0, rows, BLOCK_ROWS):
            end = min(first + BLOCK_ROWS, rows)
            part = slice(first, end)
            columns = [_column(file, name, schema.field(name).type, part) for name in types]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(file: Any, name: str, arrow: Any, part: slice) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    from headrace._training_files import unhexed, vectors  # noqa: PLC0415 - it imports this module

    nulls = f"{NULLS}/{name}"
    mask = file[nulls][part] if nulls in file else None
    values = file[name][part]
    if pa.types.is_fixed_size_list(arrow):
        return vectors(values, mask, arrow)
    if values.dtype.kind == "O":
        texts = pa.array([value.decode() for value in values], pa.string(), mask=mask)
        return unhexed(texts) if pa.types.is_binary(arrow) else texts.cast(arrow)
    if pa.types.is_temporal(arrow):
        return pa.array(values, mask=mask).cast(arrow)
    return pa.array(values, arrow, mask=mask)
