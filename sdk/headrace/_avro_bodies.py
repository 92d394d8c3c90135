"""Avro bodies of many rows, column by column: what a type or a union costs is paid once a column, not once a value.

Source: Apache Avro 1.12 specification, binary encoding. Numbers of fixed width that have no null between them are
written by one call a row; values of nested types one after the other, by fastavro.
"""

import io
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat, starmap
from typing import Any

import fastavro

_REAL = {"float": "f", "double": "d"}
_STEP = 14
_FEW = 1 << _STEP
_LAST = [bytes((raw,)) for raw in range(128)] + [
    bytes((low | 128, high)) for high in range(1, 128) for low in range(128)
]
"""What a varint of at most 14 bits is."""
_MORE = [bytes((low | 128, high | 128)) for high in range(128) for low in range(128)]
"""What stands for 14 bits of a varint that goes on."""


def _whole(number: int) -> bytes:
    """A number of at most 64 bits, zigzag."""
    raw = number << 1 if number >= 0 else ~(number << 1)
    out = b""
    while raw >= _FEW:
        out += _MORE[raw & (_FEW - 1)]
        raw >>= _STEP
    return out + _LAST[raw]


def _boolean(value: bool) -> bytes:
    return b"\x01" if value else b"\x00"


def _binary(value: bytes) -> bytes:
    return _whole(len(value)) + value


def _string(value: str) -> bytes:
    return _binary(value.encode())


_WRITERS: Mapping[str, Callable[[Any], bytes]] = {
    "boolean": _boolean,
    "int": _whole,
    "long": _whole,
    "bytes": _binary,
    "string": _string,
    "float": struct.Struct("<f").pack,
    "double": struct.Struct("<d").pack,
}


@dataclass(frozen=True, slots=True)
class _Field:
    """How a field is written: its place in its union (or nothing) goes before a value; `form` is a real's, for struct.

    `null` is what stands for None; a field that has no null has none.
    """

    name: str
    before: bytes
    null: bytes | None
    write: Callable[[Any], bytes]
    form: str | None

    def pieces(self, values: Sequence[Any]) -> list[bytes]:
        """The bytes of each value."""
        before, null, write = self.before, self.null, self.write
        if null is None:
            return list(map(write, values))
        return [null if value is None else before + write(value) for value in values]


class BodyEncoder:
    """Writes the bodies of rows of one record schema."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._fields = tuple(_field(entry["name"], entry["type"]) for entry in record["fields"])

    def encode(self, head: bytes, columns: Mapping[str, Sequence[Any]]) -> Iterator[bytes]:
        """Each row, behind `head`; every field has a column, and none of them a value that its type does not take."""
        parts: list[Iterable[bytes]] = [repeat(head)]
        run: list[_Field] = []
        for field in self._fields:
            if field.form is not None and None not in columns[field.name]:
                run.append(field)
                continue
            if run:
                parts.append(_together(run, columns))
                run = []
            parts.append(field.pieces(columns[field.name]))
        if run:
            parts.append(_together(run, columns))
        return map(b"".join, zip(*parts, strict=False))


def _together(run: Sequence[_Field], columns: Mapping[str, Sequence[Any]]) -> Iterator[bytes]:
    """Reals without nulls, all of a row at once."""
    form = struct.Struct("<" + "".join(f"{len(field.before)}s{field.form}" for field in run))
    taken: list[Iterable[Any]] = []
    for field in run:
        taken += [repeat(field.before), columns[field.name]]
    return starmap(form.pack, zip(*taken, strict=False))


def _field(name: str, avro: Any) -> _Field:
    if not isinstance(avro, list):
        return _typed(name, avro, b"", None)
    null = avro.index("null")
    return _typed(name, avro[1 - null], _whole(1 - null), _whole(null))


def _typed(name: str, avro: Any, before: bytes, null: bytes | None) -> _Field:
    plain = avro["type"] if isinstance(avro, dict) and avro.get("logicalType") != "decimal" else avro
    write = _WRITERS.get(plain) if isinstance(plain, str) else None
    form = _REAL.get(plain) if isinstance(plain, str) else None
    return _Field(name=name, before=before, null=null, write=write or _nested(avro), form=form)


def _nested(avro: Any) -> Callable[[Any], bytes]:
    schema = fastavro.parse_schema(avro)

    def write(value: Any) -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, value)
        return out.getvalue()

    return write
