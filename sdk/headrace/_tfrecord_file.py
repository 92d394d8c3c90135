"""Training files of TFRecord: a `tf.train.Example` per row; a null is a feature that it does not have."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from headrace._errors import Failed, Invalid

EXACT = "_double_"
"""Goes before the name of a double's feature, for the eight bytes of it: a float list holds four."""
BLOCK_ROWS = 16_384
_MASK = 0xA282EAD8
_Feature = tuple[int, bytes]


def tfrecord_batches(path: Path, types: Mapping[str, str], schema: Any) -> Iterator[Any]:
    """The file's rows in order, as Arrow record batches; raises Failed for a file that is not whole."""
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    with path.open("rb") as file:
        examples = _examples(file)
        while block := list(islice(examples, BLOCK_ROWS)):
            columns = [
                _column([example.get(_stored(name, kind)) for example in block], kind, schema.field(name).type)
                for name, kind in types.items()
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _stored(name: str, kind: str) -> bytes:
    return f"{EXACT if kind == 'double' else ''}{name}".encode()


def _column(features: list[_Feature | None], kind: str, arrow: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    values = [None if feature is None else _value(feature, kind) for feature in features]
    if kind in {"date", "timestamp"}:
        return pa.array(values, pa.int32() if kind == "date" else pa.int64()).cast(arrow)
    return pa.array(values, arrow)


def _value(feature: _Feature, kind: str) -> Any:
    """The only value of a feature's list."""
    _, content = feature
    (payload,) = [value for number, value in _fields(content) if number == 1]
    match kind:
        case "string":
            return payload.decode()
        case "binary":
            return payload
        case "double":
            return struct.unpack("<d", payload)[0]
        case "float":
            return struct.unpack("<f", payload)[0]
    number, _ = _varint(payload, 0)
    signed = number - (1 << 64) if number >> 63 else number
    return bool(signed) if kind == "boolean" else signed


def _examples(file: BinaryIO) -> Iterator[dict[bytes, _Feature]]:
    """Each record's features, by name."""
    try:
        import google_crc32c  # noqa: PLC0415 - only this format needs it
    except ImportError:
        raise Invalid(
            "reading TFRecord needs google-crc32c: pip install 'headrace[formats]'", code="not-installed"
        ) from None

    def checked(count: int) -> bytes:
        content, check = file.read(count), file.read(4)
        crc = google_crc32c.value(content)
        if len(content) != count or check != struct.pack("<I", ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF):
            raise Failed("a TFRecord file is not whole: a checksum does not hold", code="wrong-checksum")
        return content

    end = file.seek(0, 2)
    file.seek(0)
    while file.tell() < end:
        (length,) = struct.unpack("<Q", checked(8))
        yield _features(checked(length))


def _features(example: bytes) -> dict[bytes, _Feature]:
    """The map in `Example.features`: name → (kind of list, the list)."""
    features = {}
    for _, inner in _fields(example):
        for _, entry in _fields(inner):
            parts = dict(_fields(entry))
            features[parts[1]] = next(iter(_fields(parts[2])))
    return features


def _fields(message: bytes) -> Iterator[_Feature]:
    """The fields of a protobuf message that holds nothing but length-delimited ones: number, content."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        length, place = _varint(message, place)
        yield tag >> 3, message[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
