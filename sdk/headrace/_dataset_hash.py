"""The hash of a training dataset, computed from its rows alone; `docs/training-data.md` says how they are encoded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from headrace._errors import Invalid

BLOCK_ROWS = 16_384


class DatasetHash:
    """Takes splits in the order of the manifest; their rows sorted as the files have them."""

    def __init__(self, schema: Any) -> None:
        self._columns = [(field.name, _kind(field.type)) for field in schema]
        head = "".join(f"{name}\0{kind}\n" for name, kind in self._columns)
        self._sha = hashlib.sha256(b"headrace training rows 1\n" + head.encode())

    def add_split(self, name: str, batches: Iterable[Any]) -> None:
        """Take a split's Arrow record batches, of any size."""
        import pyarrow as pa  # noqa: PLC0415 - only training data needs it

        self._sha.update(b"\x01" + name.encode() + b"\n")
        pending: Any = None
        for batch in batches:
            table = pa.Table.from_batches([batch])
            pending = table if pending is None else pa.concat_tables([pending, table])
            whole = pending.num_rows // BLOCK_ROWS * BLOCK_ROWS
            for start in range(0, whole, BLOCK_ROWS):
                self._add_block(pending.slice(start, BLOCK_ROWS))
            pending = pending.slice(whole)
        if pending is not None and pending.num_rows:
            self._add_block(pending)

    def hexdigest(self) -> str:
        """The hash of the splits so far."""
        return self._sha.hexdigest()

    def _add_block(self, block: Any) -> None:
        self._sha.update(b"\x02" + block.num_rows.to_bytes(4, "little"))
        for (_, kind), column in zip(self._columns, block.columns, strict=True):
            array = column.combine_chunks()
            self._sha.update(_bytes(array.is_valid(), "u1"))
            for part in _encoded(array, kind):
                self._sha.update(part)


def _encoded(array: Any, kind: str) -> list[bytes]:
    import numpy as np  # noqa: PLC0415 - only training data needs it
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    if kind in {"string", "binary"}:
        values = [value or b"" for value in array.cast(pa.large_binary()).to_pylist()]
        lengths = np.fromiter(map(len, values), np.dtype("<u4"), len(values))
        return [lengths.tobytes(), b"".join(values)]
    if kind == "boolean":
        return [_bytes(array.fill_null(False), "u1")]
    if kind in {"float", "double"}:
        width = np.dtype("<f4" if kind == "float" else "<f8")
        values = array.fill_null(0.0).to_numpy(zero_copy_only=False).astype(width)
        # Every NaN is hashed as numpy's own, which is quiet, positive and without payload.
        values[np.isnan(values)] = np.nan
        return [values.tobytes()]
    if kind in {"int", "date"}:
        return [_bytes(array.cast(pa.int32()).fill_null(0), "<i4")]
    return [_bytes(array.cast(pa.int64()).fill_null(0), "<i8")]


def _bytes(array: Any, kind: str) -> bytes:
    content: bytes = array.to_numpy(zero_copy_only=False).astype(kind).tobytes()
    return content


def _kind(arrow: Any) -> str:
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    kinds = {
        pa.bool_(): "boolean",
        pa.int32(): "int",
        pa.int64(): "bigint",
        pa.float32(): "float",
        pa.float64(): "double",
        pa.string(): "string",
        pa.binary(): "binary",
        pa.date32(): "date",
        pa.timestamp("us", tz="UTC"): "timestamp",
    }
    if arrow not in kinds:
        raise Invalid(f"a training file does not hold {arrow}", code="unknown-type")
    return kinds[arrow]
