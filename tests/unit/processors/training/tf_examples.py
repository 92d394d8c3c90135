"""TFRecord files as protobuf reads them: messages of TensorFlow's `example.proto` and `feature.proto`."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import google_crc32c
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto
_LISTS = {"bytes_list": _Field.TYPE_BYTES, "float_list": _Field.TYPE_FLOAT, "int64_list": _Field.TYPE_INT64}


def examples(path: Path) -> Iterator[dict[str, list[Any]]]:
    """The values of each record's features, by name; every checksum must hold."""
    data, place = path.read_bytes(), 0
    while place < len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        _must_hold(data[place : place + 8], data[place + 8 : place + 12])
        body = data[place + 12 : place + 12 + length]
        place += 12 + length + 4
        _must_hold(body, data[place - 4 : place])
        features = _EXAMPLE.FromString(body).features.feature
        yield {name: list(getattr(one, one.WhichOneof("kind")).value) for name, one in features.items()}


def _must_hold(content: bytes, check: bytes) -> None:
    crc = google_crc32c.value(content)
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert check == struct.pack("<I", masked)


def _example() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="example.proto", package="tensorflow", syntax="proto3")
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (name, kind) in enumerate(_LISTS.items(), start=1):
        message = "".join(part.capitalize() for part in name.split("_"))
        values = file.message_type.add(name=message)
        values.field.add(name="value", number=1, type=kind, label=_Field.LABEL_REPEATED)
        _refer(feature, name, number, message, oneof_index=0)
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
    _refer(entry, "value", 2, "Feature")
    _refer(features, "feature", 1, "Features.FeatureEntry", label=_Field.LABEL_REPEATED)
    _refer(file.message_type.add(name="Example"), "features", 1, "Features")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.Example"))


def _refer(message: Any, name: str, number: int, to: str, **how: Any) -> None:
    label = how.pop("label", _Field.LABEL_OPTIONAL)
    message.field.add(
        name=name, number=number, type=_Field.TYPE_MESSAGE, type_name=f".tensorflow.{to}", label=label, **how
    )


_EXAMPLE = _example()
