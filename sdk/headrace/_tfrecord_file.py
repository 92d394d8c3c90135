"""Training files of TFRecord: a `tf.train.Example` per row; a null is a feature that it does not have."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from headrace._errors import Failed, Invalid
from headrace._feature_types import FeatureType, parsed

EXACT = "_double_"
"""Goes before the name of a feature of doubles, for the eight bytes of each: a float list holds four."""
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
                for name, kind in map(_parsed, types.items())
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _parsed(column: tuple[str, str]) -> tuple[str, FeatureType]:
    return column[0], parsed(column[1])


def _item(kind: FeatureType) -> str:
    """The flat type of what is in the list; decimals are texts."""
    return {"array": kind.inner[0].name if kind.inner else "", "embedding": "float", "decimal": "string"}.get(
        kind.name, kind.name
    )


def _stored(name: str, kind: FeatureType) -> bytes:
    return f"{EXACT if _item(kind) == 'double' else ''}{name}".encode()


def _column(features: list[_Feature | None], kind: FeatureType, arrow: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - only training data needs it

    item = _item(kind)
    lists = [None if feature is None else _items(feature, item) for feature in features]
    alone = kind.name not in {"array", "embedding"}
    values = [None if items is None else items[0] for items in lists] if alone else lists
    if item in {"date", "timestamp"}:
        whole = pa.int32() if item == "date" else pa.int64()
        return pa.array(values, whole if alone else pa.list_(whole)).cast(arrow)
    return pa.array(values, pa.string()).cast(arrow) if kind.name == "decimal" else pa.array(values, arrow)


def _items(feature: _Feature, kind: str) -> list[Any]:
    """What is in a feature's list."""
    _, content = feature
    payloads = [value for number, value in _fields(content) if number == 1]
    if kind == "string":
        return [payload.decode() for payload in payloads]
    if kind == "binary":
        return payloads
    packed = b"".join(payloads)
    if kind in {"double", "float"}:
        code, size = ("d", 8) if kind == "double" else ("f", 4)
        return list(struct.unpack(f"<{len(packed) // size}{code}", packed))
    numbers, place = [], 0
    while place < len(packed):
        number, place = _varint(packed, place)
        signed = number - (1 << 64) if number >> 63 else number
        numbers.append(bool(signed) if kind == "boolean" else signed)
    return numbers


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
