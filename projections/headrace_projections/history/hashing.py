r"""The hash of a training dataset: SHA-256 over its rows in a canonical encoding, whatever files they lie in.

The encoding, integers little-endian:

    "headrace training rows 1\n"
    for each column, in order: its name, 0x00, its feature type, "\n"
    for each split, in order: 0x01, its name, "\n", then its rows, sorted by primary key and event time, in blocks of
    16,384 (the last one shorter): 0x02, the number of rows as uint32, and for each column
        one byte per row: 1 where there is a value, 0 where it is null
        boolean: one byte per row (0, 1); int, float, date: four bytes; bigint, double, timestamp: eight bytes;
        nulls as zeros; dates as days and timestamps as microseconds since 1970-01-01T00:00:00Z; floats by their bits,
        every NaN as the quiet NaN without payload
        string, binary: each length in bytes as uint32 (null: 0), then all bytes (strings in UTF-8)

The SDK has an implementation of its own; both are held to the same vectors.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace_events.feature_type import FLAT
from headrace_projections.history.errors import Impossible
from headrace_projections.offline.arrow import TYPES

BLOCK_ROWS = 16_384

_KINDS = {TYPES[kind]: kind for kind in FLAT}
_STORED_AS = {"int": pa.int32(), "date": pa.int32(), "bigint": pa.int64(), "timestamp": pa.int64()}
_FLOATS = {"float": np.uint32, "double": np.uint64}
_NAN = {"float": 0x7FC00000, "double": 0x7FF8000000000000}


class DatasetHash:
    """Takes a dataset split by split, in batches of any size, and gives its hash at the end."""

    def __init__(self, schema: pa.Schema) -> None:
        nested = [field.name for field in schema if field.type not in _KINDS]
        if nested:
            raise Impossible(f"{', '.join(nested)}: a training dataset holds columns of flat types: select others")
        self._kinds = [_KINDS[field.type] for field in schema]
        self._schema = schema
        self._sha = hashlib.sha256(b"headrace training rows 1\n")
        for name, kind in zip(schema.names, self._kinds, strict=True):
            self._sha.update(f"{name}\0{kind}\n".encode())

    def split(self, name: str, batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        """Pass the split's batches on while they are hashed; the split counts once all of them are taken."""
        self._sha.update(b"\1" + name.encode() + b"\n")
        waiting: list[pa.RecordBatch] = []
        rows = 0
        for batch in batches:
            yield batch
            waiting.append(batch)
            rows += batch.num_rows
            while rows >= BLOCK_ROWS:
                table = pa.Table.from_batches(waiting, self._schema)
                self._block(table.slice(0, BLOCK_ROWS))
                waiting = table.slice(BLOCK_ROWS).to_batches()
                rows -= BLOCK_ROWS
        if rows:
            self._block(pa.Table.from_batches(waiting, self._schema))

    def hexdigest(self) -> str:
        """The hash of all splits taken so far."""
        return self._sha.hexdigest()

    def _block(self, table: pa.Table) -> None:
        self._sha.update(b"\2" + table.num_rows.to_bytes(4, "little"))
        for kind, column in zip(self._kinds, table.columns, strict=True):
            for part in encoded(column.combine_chunks(), kind):
                self._sha.update(part)


def encoded(column: pa.Array, kind: str) -> list[bytes]:
    """One column of one block in the canonical encoding."""
    valid = column.is_valid().to_numpy(zero_copy_only=False).astype(np.uint8).tobytes()
    if kind in {"string", "binary"}:
        return [valid, *_variable(column)]
    if kind == "boolean":
        values = pc.fill_null(column, False).to_numpy(zero_copy_only=False).astype(np.uint8)
    elif kind in _FLOATS:
        floats = pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False)
        values = floats.view(_FLOATS[kind]).copy()
        values[np.isnan(floats)] = _NAN[kind]
    else:
        values = pc.fill_null(column.cast(_STORED_AS[kind]), 0).to_numpy(zero_copy_only=False)
    return [valid, values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()]


def _variable(column: pa.Array) -> list[bytes]:
    filled = pc.fill_null(column.cast(pa.binary()), b"")
    lengths = pc.binary_length(filled).to_numpy(zero_copy_only=False).astype("<u4")
    offsets = np.frombuffer(filled.buffers()[1], np.int32)[filled.offset : filled.offset + len(filled) + 1]
    data = filled.buffers()[2]
    held = memoryview(data)[offsets[0] : offsets[-1]].tobytes() if data is not None and len(offsets) else b""
    return [lengths.tobytes(), held]
