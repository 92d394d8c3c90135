"""Training datasets with known hashes, and the canonical encoding written for reading, not for speed."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

VECTORS = Path(__file__).parents[1] / "vectors" / "dataset_hashes.json"
BLOCK = 16_384

ARROW = {
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
                    [_value(kind, value) for kind, value in zip(entry["columns"].values(), row, strict=True)]
                    for row in rows
                ]
                for split, rows in entry["splits"].items()
            },
            hash=entry["hash"],
        )
        for entry in json.loads(VECTORS.read_text())
    ]


def _value(kind: str, written: Any) -> Any:
    """Floats are written as hexadecimal floats, binaries as hexadecimal digits."""
    if written is None:
        return None
    if kind in {"float", "double"}:
        return float.fromhex(written)
    return bytes.fromhex(written) if kind == "binary" else written


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
                sha.update(_column([row[index] for row in block], kind))
    return sha.hexdigest()


def _column(values: Sequence[Any], kind: str) -> bytes:
    valid = bytes(value is not None for value in values)
    if kind in {"string", "binary"}:
        held = [b"" if value is None else value.encode() if kind == "string" else value for value in values]
        return valid + b"".join(struct.pack("<I", len(value)) for value in held) + b"".join(held)
    return valid + b"".join(_number(0 if value is None else value, kind) for value in values)


def _number(value: Any, kind: str) -> bytes:
    if kind in _QUIET_NAN and math.isnan(value):
        return _QUIET_NAN[kind]
    return struct.pack("<" + _FORMATS[kind], value)
