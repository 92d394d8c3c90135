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
        decimal: the number without its point in 16 bytes, two's complement; nulls as zeros
        array, embedding, map: each length as uint32 (null: 0), then all items as a column of their type; an item of a
        map is a struct<key:string,value:…>, in the order in which it is stored
        struct: each field as a column, which is null where the struct is

The SDK has an implementation of its own; both are held to the same vectors.
"""

import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace_events.errors import Invalid
from headrace_projections.history.errors import Impossible
from headrace_projections.history.file_types import feature_type

BLOCK_ROWS = 16_384

_FLOATS = {pa.float32(): (np.uint32, 0x7FC00000), pa.float64(): (np.uint64, 0x7FF8000000000000)}
_DECIMAL_BYTES = 16


class DatasetHash:
    """Takes a dataset split by split, in batches of any size, and gives its hash at the end."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._sha = hashlib.sha256(b"headrace training rows 1\n")
        for field in schema:
            try:
                self._sha.update(f"{field.name}\0{feature_type(field.type)}\n".encode())
            except Invalid as refused:
                raise Impossible(f"column {field.name!r}: {refused.message}") from refused

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
        for column in table.columns:
            for part in encoded(column.combine_chunks()):
                self._sha.update(part)


def encoded(column: pa.Array) -> Iterator[bytes]:
    """One column of one block in the canonical encoding."""
    kind = column.type
    yield column.is_valid().to_numpy(zero_copy_only=False).astype(np.uint8).tobytes()
    if pa.types.is_struct(kind):
        for field in column.flatten():
            yield from encoded(field)
    elif pa.types.is_nested(kind):
        yield _lengths(column)
        yield from encoded(_entries(column) if pa.types.is_map(kind) else column.flatten())
    elif pa.types.is_decimal(kind):
        yield _unscaled(column)
    elif pa.types.is_string(kind) or pa.types.is_binary(kind):
        yield from _variable(column)
    else:
        values = _fixed(column)
        yield values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def _fixed(column: pa.Array) -> Any:
    kind = column.type
    if pa.types.is_boolean(kind):
        return pc.fill_null(column, False).to_numpy(zero_copy_only=False).astype(np.uint8)
    if kind in _FLOATS:
        bits, nan = _FLOATS[kind]
        floats = pc.fill_null(column, 0.0).to_numpy(zero_copy_only=False)
        values = floats.view(bits).copy()
        values[np.isnan(floats)] = nan
        return values
    whole = pa.int32() if kind.bit_width == 32 else pa.int64()
    return pc.fill_null(column.cast(whole), 0).to_numpy(zero_copy_only=False)


def _lengths(column: pa.Array) -> bytes:
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_fixed_size_list(column.type):
        lengths = np.full(len(column), column.type.list_size)
    else:
        lengths = np.diff(column.offsets.to_numpy(zero_copy_only=False))
    return np.where(valid, lengths, 0).astype("<u4").tobytes()


def _entries(column: pa.Array) -> pa.Array:
    """The entries of all maps, one after the other, as structs."""
    there = column.drop_null()
    first, end = (there.offsets[place].as_py() for place in (0, -1))
    return pa.StructArray.from_arrays(
        [part.slice(first, end - first) for part in (there.keys, there.items)], names=["key", "value"]
    )


def _unscaled(column: pa.Array) -> bytes:
    filled = pc.fill_null(column, pa.scalar(Decimal(0), column.type))
    start = filled.offset * _DECIMAL_BYTES
    return memoryview(filled.buffers()[1])[start : start + len(filled) * _DECIMAL_BYTES].tobytes()


def _variable(column: pa.Array) -> list[bytes]:
    filled = pc.fill_null(column.cast(pa.binary()), b"")
    lengths = pc.binary_length(filled).to_numpy(zero_copy_only=False).astype("<u4")
    offsets = np.frombuffer(filled.buffers()[1], np.int32)[filled.offset : filled.offset + len(filled) + 1]
    data = filled.buffers()[2]
    held = memoryview(data)[offsets[0] : offsets[-1]].tobytes() if data is not None and len(offsets) else b""
    return [lengths.tobytes(), held]
