"""TFRecord: one `tf.train.Example` per row, in the framing that TensorFlow reads.

A record is its length (eight bytes), a masked CRC-32C of these, the Example in protobuf's encoding, and a masked
CRC-32C of that; numbers are little-endian (TensorFlow's `core/lib/io/record_writer.h`, `core/example/feature.proto`).
A feature is a list of bytes, floats or integers: of one value, or of the items of an array or embedding.
"""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import google_crc32c
import pyarrow as pa

from headrace_processors.training.writers.lists import without_nulls
from headrace_processors.training.writers.texts import as_text

EXACT = "_double_"
"""Goes before the name of a feature of doubles, for the eight bytes of each: a float list holds four."""
_MASK = 0xA282EAD8
_INTEGERS: dict[Any, Any] = {
    pa.bool_(): pa.int8(),
    pa.int32(): pa.int32(),
    pa.int64(): pa.int64(),
    pa.date32(): pa.int32(),
    pa.timestamp("us", tz="UTC"): pa.int64(),
}

Encode = Callable[[Any], bytes]


class TFRecordWriter:
    """A null is a feature that the Example does not have."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("wb")
        self._schema = schema

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Take the next rows."""
        columns = []
        for field, column in zip(self._schema, batch.columns, strict=True):
            plain = _lists(field.name, column)
            columns += [[None if value is None else encode(value) for value in plain] for encode in _encoders(field)]
        for row in zip(*columns, strict=True):
            self._file.write(framed(_field(1, b"".join([feature for feature in row if feature is not None]))))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def framed(example: bytes) -> bytes:
    """The record of an Example."""
    length = struct.pack("<Q", len(example))
    return length + _crc(length) + example + _crc(example)


def _crc(data: bytes) -> bytes:
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF)


def _lists(name: str, column: pa.Array) -> list[list[Any] | None]:
    """The items of each value, of which there is one but for arrays and embeddings; None where it is null."""
    kind = column.type
    if pa.types.is_decimal(kind):
        column = as_text(column)
    elif kind in _INTEGERS:
        column = column.cast(_INTEGERS[kind])
    elif pa.types.is_list(kind) and kind.value_type in _INTEGERS:
        column = column.cast(pa.list_(_INTEGERS[kind.value_type]))
    if pa.types.is_nested(kind):
        items: list[list[Any] | None] = without_nulls(name, "tfrecord", column).to_pylist()
        return items
    return [None if value is None else [value] for value in column.to_pylist()]


def _encoders(field: pa.Field) -> list[Encode]:
    """What makes map entries of the items of a value: one, or two for doubles."""
    name = field.name.encode()
    kind = field.type.value_type if pa.types.is_nested(field.type) else field.type
    if kind in _INTEGERS:
        return [lambda items: _entry(name, 3, _field(1, b"".join(map(_varint, items))))]
    if kind == pa.float32():
        return [lambda items: _entry(name, 2, _field(1, struct.pack(f"<{len(items)}f", *items)))]
    if kind == pa.float64():
        exact = EXACT.encode() + name
        return [
            lambda items: _entry(name, 2, _field(1, struct.pack(f"<{len(items)}f", *map(_narrow, items)))),
            lambda items: _entry(exact, 1, _field(1, struct.pack(f"<{len(items)}d", *items))),
        ]
    return [lambda items: _entry(name, 1, b"".join(_field(1, _bytes(item)) for item in items))]


def _bytes(item: str | bytes) -> bytes:
    return item.encode() if isinstance(item, str) else item


def _narrow(value: float) -> float:
    """The double as a float may hold it: infinite where it is too large."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _entry(name: bytes, kind: int, values: bytes) -> bytes:
    """An entry of the map of features; `kind` is 1 for a list of bytes, 2 of floats, 3 of integers."""
    return _field(1, _field(1, name) + _field(2, _field(kind, values)))


def _field(number: int, payload: bytes) -> bytes:
    return bytes((number << 3 | 2,)) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
