"""Training datasets with known hashes, and the canonical encoding written for reading, not for speed."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa

from headrace._feature_types import FeatureType, parsed

VECTORS = Path(__file__).parents[1] / "vectors" / "dataset_hashes.json"
BLOCK = 16_384

_FLAT = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


class _Arrow(dict[str, Any]):
    """The flat types, and others as they are first asked for."""

    def __missing__(self, kind: str) -> Any:
        found = self[kind] = _nested(parsed(kind))
        return found


def _nested(kind: FeatureType) -> Any:
    inner = [_nested(one) for one in kind.inner]
    match kind.name:
        case "decimal":
            return pa.decimal128(*kind.numbers)
        case "embedding":
            return pa.list_(pa.float32(), *kind.numbers)
        case "array":
            return pa.list_(*inner)
        case "map":
            return pa.map_(pa.string(), *inner)
        case "struct":
            return pa.struct(list(zip(kind.names, inner, strict=True)))
    return _FLAT[kind.name]


ARROW: dict[str, Any] = _Arrow(_FLAT)
_FORMATS = {"boolean": "B", "int": "i", "date": "i", "bigint": "q", "timestamp": "q", "float": "f", "double": "d"}
_QUIET_NAN = {"float": struct.pack("<I", 0x7FC00000), "double": struct.pack("<Q", 0x7FF8000000000000)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A dataset: column → type, split → rows. Dates are days, timestamps microseconds."""

    name: str
    columns: Mapping[str, str]
    splits: Mapping[str, Sequence[Sequence[Any]]]
    hash: str

    @property
    def schema(self) -> pa.Schema:
        """The columns as Arrow has them."""
        return pa.schema([(name, ARROW[kind]) for name, kind in self.columns.items()])

    def tables(self) -> dict[str, pa.Table]:
        """Split → rows."""
        return {split: table(self.columns, rows) for split, rows in self.splits.items()}


def table(columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    arrays = [
        pa.array([row[index] for row in rows], pa.int32() if kind == "date" else ARROW[kind]).cast(ARROW[kind])
        for index, kind in enumerate(columns.values())
    ]
    return pa.table(arrays, names=list(columns))


def vectors() -> list[Vector]:
    return [
        Vector(
            name=entry["name"],
            columns=entry["columns"],
            splits={
                split: [
                    [_value(parsed(kind), value) for kind, value in zip(entry["columns"].values(), row, strict=True)]
                    for row in rows
                ]
                for split, rows in entry["splits"].items()
            },
            hash=entry["hash"],
        )
        for entry in json.loads(VECTORS.read_text())
    ]


def _value(kind: FeatureType, written: Any) -> Any:
    """Floats are written as hexadecimal floats, binaries as hexadecimal digits, maps as pairs."""
    if written is None:
        return None
    match kind.name:
        case "float" | "double":
            return float.fromhex(written)
        case "binary":
            return bytes.fromhex(written)
        case "decimal":
            return Decimal(written)
        case "embedding":
            return [float.fromhex(number) for number in written]
        case "array":
            return [_value(kind.inner[0], item) for item in written]
        case "map":
            return [(key, _value(kind.inner[0], item)) for key, item in written]
        case "struct":
            return {name: _value(inner, written[name]) for name, inner in zip(kind.names, kind.inner, strict=True)}
    return written


def slow_hash(columns: Mapping[str, str], splits: Mapping[str, Sequence[Sequence[Any]]]) -> str:
    """The hash of the dataset, value by value."""
    sha = hashlib.sha256(b"headrace training rows 1\n")
    for name, kind in columns.items():
        sha.update(name.encode() + b"\0" + kind.encode() + b"\n")
    for split, rows in splits.items():
        sha.update(b"\1" + split.encode() + b"\n")
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            sha.update(b"\2" + struct.pack("<I", len(block)))
            for index, kind in enumerate(columns.values()):
                sha.update(_column([row[index] for row in block], parsed(kind)))
    return sha.hexdigest()


def _column(values: Sequence[Any], kind: FeatureType) -> bytes:
    valid = bytes(value is not None for value in values)
    match kind.name:
        case "string" | "binary":
            held = [b"" if value is None else value.encode() if kind.name == "string" else value for value in values]
            return valid + _lengths(held) + b"".join(held)
        case "decimal":
            scale = 10 ** kind.numbers[1]
            return valid + b"".join(
                int(Fraction(value or 0) * scale).to_bytes(16, "little", signed=True) for value in values
            )
        case "struct":
            fields = [[value and value[name] for value in values] for name in kind.names]
            return valid + b"".join(_column(field, inner) for field, inner in zip(fields, kind.inner, strict=True))
        case "map":
            pairs = [[{"key": key, "value": one} for key, one in value or ()] for value in values]
            entry = FeatureType("struct", inner=(FeatureType("string"), *kind.inner), names=("key", "value"))
            return valid + _lengths(pairs) + _column([pair for entries in pairs for pair in entries], entry)
        case "array" | "embedding":
            item = kind.inner[0] if kind.inner else FeatureType("float")
            lists = [value or [] for value in values]
            return valid + _lengths(lists) + _column([one for items in lists for one in items], item)
    return valid + b"".join(_number(0 if value is None else value, kind.name) for value in values)


def _lengths(values: Sequence[Any]) -> bytes:
    return b"".join(struct.pack("<I", len(value)) for value in values)


def _number(value: Any, kind: str) -> bytes:
    if kind in _QUIET_NAN and math.isnan(value):
        return _QUIET_NAN[kind]
    return struct.pack("<" + _FORMATS[kind], value)
