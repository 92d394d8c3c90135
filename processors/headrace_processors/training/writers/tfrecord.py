"""TFRecord: one `tf.train.Example` per row, in the framing that TensorFlow reads.

A record is its length (eight bytes), a masked CRC-32C of these, the Example in protobuf's encoding, and a masked
CRC-32C of that; numbers are little-endian (TensorFlow's `core/lib/io/record_writer.h`, `core/example/feature.proto`).
"""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import google_crc32c
import pyarrow as pa

EXACT = "_double_"
"""Goes before the name of a double's feature, for the eight bytes of it: a float list holds four."""
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
            plain = column.cast(_INTEGERS.get(field.type, field.type)).to_pylist()
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


def _encoders(field: pa.Field) -> list[Encode]:
    """What makes map entries of a value: one, or two for a double."""
    name = field.name.encode()
    if field.type in _INTEGERS:
        return [lambda value: _entry(name, 3, _field(1, _varint(value)))]
    if field.type == pa.float32():
        return [lambda value: _entry(name, 2, _field(1, struct.pack("<f", value)))]
    if field.type == pa.float64():
        exact = EXACT.encode() + name
        return [
            lambda value: _entry(name, 2, _field(1, struct.pack("<f", _narrow(value)))),
            lambda value: _entry(exact, 1, _field(1, struct.pack("<d", value))),
        ]
    return [lambda value: _entry(name, 1, _field(1, value.encode() if isinstance(value, str) else value))]


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
