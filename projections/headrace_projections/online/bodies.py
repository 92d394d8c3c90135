"""Reading the bodies of single rows: numbers of fixed width that lie side by side at once, all else by fastavro.

Source: Apache Avro 1.12 specification, binary encoding. A real in a union takes a byte for its place there and then its
own width. If the first of a run is no null, the byte of the next one lies where it would lie without nulls, and so on:
where all these bytes say that a number follows, there is no null among them, and each number lies where it is due.
"""

import io
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import fastavro

_REALS = {"float": "f", "double": "d"}
_FEW = 4
"""So many numbers are no run."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Fields side by side, and how they are read: `form` at once where `marks` lie in between, else one by one."""

    schema: Any
    form: struct.Struct | None = None
    marks: bytes = b""
    every: int = 1
    """How far the marks lie from one another."""

    def read(self, body: bytes, stream: io.BytesIO) -> Iterable[Any]:
        """The values that begin where the stream is; it is moved behind them."""
        if self.form is not None:
            start = stream.tell()
            end = start + self.form.size
            if len(body) >= end and (not self.marks or body[start : end : self.every] == self.marks):
                stream.seek(end)
                return self.form.unpack_from(body, start)
        row: Any = fastavro.schemaless_reader(stream, self.schema, None)
        return dict(row).values()


class BodyReader:
    """Reads the bodies of rows that were written with one record schema."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.names = tuple(entry["name"] for entry in record["fields"])
        self._runs = _runs(record)

    def read(self, body: bytes) -> dict[str, Any]:
        """The row's fields by name, in the order of the schema."""
        stream = io.BytesIO(body)
        values: list[Any] = []
        for run in self._runs:
            values += run.read(body, stream)
        return dict(zip(self.names, values, strict=True))


def _runs(record: Mapping[str, Any]) -> tuple[_Run, ...]:
    found: list[_Run] = []
    others: list[Any] = []
    for form, grouped in groupby(record["fields"], lambda entry: _form(entry["type"])):
        fields = list(grouped)
        if form is None or len(fields) < _FEW:
            others += fields
            continue
        if others:
            found.append(_Run(_part(record, others, len(found))))
            others = []
        mark, letter = form
        packed = struct.Struct("<" + f"{'x' * len(mark)}{letter}" * len(fields))
        schema = _part(record, fields, len(found))
        found.append(_Run(schema, packed, mark * len(fields), packed.size // len(fields)))
    if others:
        found.append(_Run(_part(record, others, len(found))))
    return tuple(found)


def _form(avro: Any) -> tuple[bytes, str] | None:
    """What goes before a real, and its letter for struct; None for all else."""
    if isinstance(avro, list) and len(avro) == 2 and "null" in avro:
        null = avro.index("null")
        kind, mark = avro[1 - null], bytes((2 * (1 - null),))
    else:
        kind, mark = avro, b""
    return (mark, _REALS[kind]) if isinstance(kind, str) and kind in _REALS else None


def _part(record: Mapping[str, Any], fields: Sequence[Any], number: int) -> Any:
    """A schema of some of the record's fields."""
    return fastavro.parse_schema({**record, "name": f"{record['name']}_{number}", "fields": fields})
