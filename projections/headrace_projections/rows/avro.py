"""Reading Avro bodies of records column by column, thousands of rows at once.

Source: Apache Avro 1.12 specification, binary encoding. Decoding is where the time of a projection goes; here each
column costs a handful of numpy operations, whatever the number of rows. A row that does not follow its schema is set
aside with its reason and never disturbs its neighbours.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from headrace_events.errors import Invalid
from headrace_events.feature_type import Flat, of_avro
from headrace_projections.rows.nested import Read, reader
from headrace_projections.rows.ragged import Bytes, Longs, fixed, joined
from headrace_schemas.errors import Undecodable

FIRST_MICROS, LAST_MICROS = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999: what every reader of ours, and every store, can hold."""
FIRST_DAY, LAST_DAY = -719_162, 2_932_896


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a record: `type` is a feature type; `null_branch` is null's place in its union, if it has one.

    Values of nested types are read by `nested`, one after the other.
    """

    name: str
    type: str
    null_branch: int | None = None
    nested: Read | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """One column: numbers; for strings and binaries where they lie in the shared buffer; or what is nested."""

    type: str
    present: npt.NDArray[np.bool_]
    numbers: npt.NDArray[Any] | None = None
    starts: Longs | None = None
    lengths: Longs | None = None
    objects: npt.NDArray[np.object_] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Columns by name, the bytes they point into, and why a row (by index) could not be read."""

    buffer: Bytes
    columns: dict[str, Values]
    errors: dict[int, str]


_DTYPES: dict[str, Any] = {
    "boolean": np.bool_,
    "int": np.int32,
    "bigint": np.int64,
    "float": np.float32,
    "double": np.float64,
    "date": np.int32,
    "timestamp": np.int64,
}
_LIMITS = {
    "int": (-(1 << 31), (1 << 31) - 1),
    "date": (FIRST_DAY, LAST_DAY),
    "timestamp": (FIRST_MICROS, LAST_MICROS),
}


def fields_of(text: str) -> tuple[Field, ...]:
    """The fields of a record schema; raises Undecodable for one that rows cannot have."""
    schema = json.loads(text)
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise Undecodable("rows need the schema of a record")
    return tuple(_field(entry["name"], entry["type"]) for entry in schema["fields"])


def _field(name: str, avro: Any) -> Field:
    if isinstance(avro, list):
        if len(avro) != 2 or "null" not in avro:
            raise Undecodable(f"field {name!r} is a union other than null and one type")
        null = avro.index("null")
        return _typed(name, avro[1 - null], null)
    return _typed(name, avro, None)


def _typed(name: str, avro: Any, null_branch: int | None) -> Field:
    try:
        kind = of_avro(avro)
    except (Invalid, ValueError, KeyError, TypeError) as error:
        text = json.dumps(avro)[:100]
        raise Undecodable(f"field {name!r} has a type that rows cannot have: {text} ({error})") from error
    nested = None if isinstance(kind, Flat) else reader(kind)
    return Field(name=name, type=str(kind), null_branch=null_branch, nested=nested)


@dataclass(slots=True)
class _Cursor:
    """Where each row is being read; rows that fail stop there."""

    buffer: Bytes
    place: Longs
    ends: Longs
    errors: dict[int, str] = field(default_factory=dict)

    def fail(self, rows: Longs, reason: str) -> None:
        for row in rows.tolist():
            self.errors.setdefault(row, reason)

    def take(self, rows: Longs, width: int, name: str) -> tuple[Longs, Longs]:
        """The rows that have that many bytes left, and where those begin; the cursor moves past them."""
        start = self.place[rows]
        fits = start + width <= self.ends[rows]
        if not fits.all():
            self.fail(rows[~fits], f"the body ends inside column {name!r}")
            rows, start = rows[fits], start[fits]
        self.place[rows] = start + width
        return rows, start

    def varint(self, rows: Longs, name: str) -> tuple[Longs, Longs]:
        """The zigzag number each row has next; returns the rows that had one."""
        rows, start = self.take(rows, 1, name)
        byte = self.buffer[start].astype(np.uint64)
        raw = byte & np.uint64(0x7F)
        more = np.flatnonzero(byte & np.uint64(0x80))
        for shift in range(7, 70, 7):
            if not len(more):
                break
            at = rows[more]
            start = self.place[at]
            ended = start >= self.ends[at]
            if ended.any():
                self.fail(at[ended], f"the body ends inside column {name!r}")
                more, at, start = more[~ended], at[~ended], start[~ended]
            self.place[at] = start + 1
            byte = self.buffer[start].astype(np.uint64)
            raw[more] |= (byte & np.uint64(0x7F)) << np.uint64(shift)
            if shift == 63:
                over = byte > 1
                self.fail(at[over], f"column {name!r} holds a number of more than 64 bits")
                break
            more = more[(byte & np.uint64(0x80)) != 0]
        number = (raw >> np.uint64(1)).astype(np.int64) ^ -(raw & np.uint64(1)).astype(np.int64)
        return self.sound(rows, number)

    def sound(self, rows: Longs, numbers: npt.NDArray[Any]) -> tuple[Longs, Longs]:
        if not self.errors:
            return rows, numbers
        keep = ~np.isin(rows, np.fromiter(self.errors, np.int64, len(self.errors)))
        return rows[keep], numbers[keep]


def decode(fields: Sequence[Field], bodies: Sequence[bytes]) -> Decoded:
    """Read all bodies, each of them whole and nothing beyond."""
    buffer, offsets = joined(bodies)
    cursor = _Cursor(buffer, offsets[:-1].copy(), offsets[1:])
    rows = np.arange(len(bodies))
    columns: dict[str, Values] = {}
    for entry in fields:
        seen = len(cursor.errors)
        there = rows
        if entry.null_branch is not None:
            there, start = cursor.take(rows, 1, entry.name)
            branch = buffer[start]
            wrong = (branch != 0) & (branch != 2)
            if wrong.any():
                cursor.fail(there[wrong], f"column {entry.name!r} has a branch that its union lacks")
            there = there[branch == (0 if entry.null_branch == 1 else 2)]
        read = _READERS[entry.type] if entry.nested is None else _read_nested
        columns[entry.name] = read(cursor, there, entry, len(bodies))
        if len(cursor.errors) != seen:
            rows, _ = cursor.sound(rows, rows)
    over = rows[cursor.place[rows] != cursor.ends[rows]]
    cursor.fail(over, "bytes are left over after the row")
    return Decoded(buffer=buffer, columns=columns, errors=cursor.errors)


def _values(entry: Field, rows: Longs, found: npt.NDArray[Any], count: int) -> Values:
    dtype = _DTYPES[entry.type]
    if len(rows) == count:
        return Values(type=entry.type, present=np.ones(count, np.bool_), numbers=found.astype(dtype, copy=False))
    present = np.zeros(count, np.bool_)
    present[rows] = True
    numbers = np.zeros(count, dtype)
    numbers[rows] = found
    return Values(type=entry.type, present=present, numbers=numbers)


def _read_whole(cursor: _Cursor, rows: Longs, entry: Field, count: int) -> Values:
    rows, found = cursor.varint(rows, entry.name)
    if entry.type in _LIMITS:
        first, last = _LIMITS[entry.type]
        outside = (found < first) | (found > last)
        if outside.any():
            cursor.fail(rows[outside], f"column {entry.name!r} holds a value outside what {entry.type} can be")
            rows, found = rows[~outside], found[~outside]
    return _values(entry, rows, found, count)


def _read_boolean(cursor: _Cursor, rows: Longs, entry: Field, count: int) -> Values:
    rows, start = cursor.take(rows, 1, entry.name)
    found = cursor.buffer[start]
    wrong = found > 1
    if wrong.any():
        cursor.fail(rows[wrong], f"column {entry.name!r} holds a boolean that is neither 0 nor 1")
        rows, found = rows[~wrong], found[~wrong]
    return _values(entry, rows, found, count)


def _read_real(cursor: _Cursor, rows: Longs, entry: Field, count: int) -> Values:
    width = 4 if entry.type == "float" else 8
    rows, start = cursor.take(rows, width, entry.name)
    found = cursor.buffer[fixed(start, width)].view("<f4" if width == 4 else "<f8").reshape(len(rows))
    finite = np.isfinite(found)
    if not finite.all():
        cursor.fail(rows[~finite], f"column {entry.name!r} holds a number that is not finite")
        rows, found = rows[finite], found[finite]
    return _values(entry, rows, found, count)


def _read_text(cursor: _Cursor, rows: Longs, entry: Field, count: int) -> Values:
    rows, length = cursor.varint(rows, entry.name)
    start = cursor.place[rows]
    wrong = (length < 0) | (length > cursor.ends[rows] - start)
    if wrong.any():
        cursor.fail(rows[wrong], f"the body ends inside column {entry.name!r}")
        rows, length, start = rows[~wrong], length[~wrong], start[~wrong]
    cursor.place[rows] = start + length
    if entry.type == "string":
        rows, start, length = _only_utf8(cursor, rows, start, length, entry.name)
    present = np.zeros(count, np.bool_)
    present[rows] = True
    starts, lengths = np.zeros(count, np.int64), np.zeros(count, np.int64)
    starts[rows], lengths[rows] = start, length
    return Values(type=entry.type, present=present, starts=starts, lengths=lengths)


def _read_nested(cursor: _Cursor, rows: Longs, entry: Field, count: int) -> Values:
    assert entry.nested is not None  # noqa: S101 - it is asked for nested fields alone
    present, objects = np.zeros(count, np.bool_), np.empty(count, np.object_)
    for row, start, end in zip(rows.tolist(), cursor.place[rows].tolist(), cursor.ends[rows].tolist(), strict=True):
        try:
            objects[row], read = entry.nested(cursor.buffer[start:end].tobytes(), 0)
        except Undecodable as error:
            cursor.errors.setdefault(row, f"column {entry.name!r}: {error}")
        else:
            present[row] = True
            cursor.place[row] = start + read
    return Values(type=entry.type, present=present, objects=objects)


def _only_utf8(cursor: _Cursor, rows: Longs, start: Longs, length: Longs, name: str) -> tuple[Longs, Longs, Longs]:
    if len(cursor.buffer) == 0 or cursor.buffer.max() < 0x80:
        return rows, start, length
    high = np.zeros(len(cursor.buffer) + 1, np.int64)
    np.cumsum(cursor.buffer >= 0x80, out=high[1:])
    wrong = np.zeros(len(rows), np.bool_)
    for index in np.flatnonzero(high[start + length] > high[start]).tolist():
        try:
            cursor.buffer[start[index] : start[index] + length[index]].tobytes().decode()
        except UnicodeDecodeError:
            wrong[index] = True
    cursor.fail(rows[wrong], f"column {name!r} holds a string that is not UTF-8")
    return rows[~wrong], start[~wrong], length[~wrong]


_READERS: dict[str, Callable[[_Cursor, Longs, Field, int], Values]] = {
    "boolean": _read_boolean,
    "int": _read_whole,
    "bigint": _read_whole,
    "date": _read_whole,
    "timestamp": _read_whole,
    "float": _read_real,
    "double": _read_real,
    "string": _read_text,
    "binary": _read_text,
}
