"""From a slice of a frame to rows as the log holds them, and to refusals that say which row and why."""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import compress
from typing import Any, NamedTuple, Self

import orjson

from headrace._avro_bodies import BodyEncoder
from headrace._entity_key import key_encoder
from headrace._errors import Invalid
from headrace._frames import Slice
from headrace._growth import defaults_of
from headrace._nested_values import converter
from headrace._values import FIRST_MICROS, LAST_MICROS, WrongValue, micros_of, plain

AHEAD = timedelta(minutes=5)
"""How far a known-at may lie ahead of the clock here, since clocks differ; the stores compare with the log's own."""

_FRAME = struct.Struct(">bI")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not sent: its place in the frame (from 0), and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSchema:
    """What rows of a group are: column types by name, key, event time, and the Avro schema with its id."""

    types: Mapping[str, str]
    primary_key: tuple[str, ...]
    event_time: str | None
    schema_id: int
    schema: str


class EncodedRow(NamedTuple):
    """A row's canonical key, its framed Avro bytes, and since when (µs UTC) it is said to be known, if it is said."""

    key: bytes
    value: bytes
    known_at: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The column that says since when each row is known, and the time (µs UTC) after which nobody can know it yet."""

    column: str
    latest: int

    @classmethod
    def of(cls, column: str) -> Self:
        """The column, of rows that are known by now."""
        return cls(column, micros_of(datetime.now(UTC) + AHEAD))

    def claimed(self, taken: Slice, wrong: dict[int, str]) -> list[Any]:
        """What the rows say, in order; one that says nothing, or a time to come, is named in `wrong`.

        Raises Invalid where the frame has no such column.
        """
        if self.column not in taken.columns:
            raise Invalid(f"the frame has no column {self.column!r} to take known-at from", code="unknown-column")
        times = checked(taken.columns[self.column], "timestamp", self.column, wrong)
        for row, time in enumerate(times):
            if time is None:
                wrong.setdefault(row, f"known at {self.column!r} is missing")
            elif time > self.latest:
                wrong.setdefault(row, f"known at {self.column!r} lies in the future: nobody knows the row yet")
        return times


class RowEncoder:
    """Checks and encodes the rows of one group."""

    def __init__(self, schema: RowSchema) -> None:
        self._schema = schema
        record = orjson.loads(schema.schema)
        self._bodies = BodyEncoder(record)
        self._defaults = defaults_of(schema.types, record["fields"])
        self._head = _FRAME.pack(0, schema.schema_id)
        self._key = key_encoder([schema.types[name] for name in schema.primary_key])
        self._always = (*schema.primary_key, *((schema.event_time,) if schema.event_time else ()))

    def encode(
        self, taken: Slice, wrong: Mapping[int, str] | None = None, known: Known | None = None
    ) -> tuple[list[EncodedRow], list[Refusal]]:
        """The rows of the slice that fit, in order, and the ones that do not, in order; `wrong` are some of these."""
        wrong = dict(wrong or {})
        claimed = None if known is None else known.claimed(taken, wrong)
        columns = {
            name: checked(taken.columns[name], kind, name, wrong)
            if name in taken.columns
            else [self._defaults.get(name)] * taken.count
            for name, kind in self._schema.types.items()
        }
        for name, values in taken.columns.items():
            if name not in columns and (known is None or name != known.column):
                _refuse_unknown(name, _listed(values), wrong)
        for name in self._always:
            for row, value in enumerate(columns[name]):
                if value is None:
                    wrong.setdefault(row, f"{self._role(name)} {name!r} is missing")
        encoded = list(self._rows(columns, claimed, wrong))
        refused = [Refusal(taken.first + row, reason) for row, reason in sorted(wrong.items())]
        return encoded, refused

    def key_of(self, entity: Mapping[str, Any]) -> bytes:
        """The canonical key of an entity; raises WrongValue."""
        values = []
        for name in self._schema.primary_key:
            value = plain(entity.get(name))
            if value is None:
                raise WrongValue(f"key {name!r} is missing")
            values.append(_converted(self._schema.types[name], value, name))
        return self._key(values)

    def _role(self, name: str) -> str:
        return "key" if name in self._schema.primary_key else "event time"

    def _rows(
        self, columns: Mapping[str, list[Any]], claimed: list[Any] | None, wrong: Mapping[int, str]
    ) -> Iterator[EncodedRow]:
        if wrong:
            kept = [row not in wrong for row in range(len(next(iter(columns.values()))))]
            columns = {name: list(compress(values, kept)) for name, values in columns.items()}
            claimed = None if claimed is None else list(compress(claimed, kept))
        keys = map(self._key, zip(*(columns[name] for name in self._schema.primary_key), strict=True))
        bodies = self._bodies.encode(self._head, columns)
        return map(EncodedRow, keys, bodies) if claimed is None else map(EncodedRow, keys, bodies, claimed)


def _refuse_unknown(name: str, values: Sequence[Any], wrong: dict[int, str]) -> None:
    """A row is refused where it has a value in a column that the group lacks."""
    for row, value in enumerate(values):
        if value is not None:
            wrong.setdefault(row, f"the group has no column {name!r}")


def checked(values: Any, kind: str, name: str, wrong: dict[int, str]) -> list[Any]:
    """The column as the log holds it; what does not fit is None there and named in `wrong`."""
    if not isinstance(values, list):
        whole = _arrow(values, kind)
        if whole is not None:
            return whole
    convert = converter(kind)
    found: list[Any] = []
    for row, value in enumerate(_listed(values)):
        if value is None:
            found.append(None)
            continue
        try:
            found.append(convert(value))
        except WrongValue as error:
            found.append(None)
            wrong.setdefault(row, _reason(name, value, error))
    return found


def _converted(kind: str, value: Any, name: str) -> Any:
    try:
        return converter(kind)(value)
    except WrongValue as error:
        raise WrongValue(_reason(name, value, error)) from None


def _reason(name: str, value: Any, error: WrongValue) -> str:
    return f"column {name!r}: {str(value)[:40]!r} ({type(value).__name__}) {error}"


def _listed(values: Any) -> Sequence[Any]:
    if isinstance(values, list):
        return values
    listed: Sequence[Any] = [plain(value) for value in values.to_pylist()]
    return listed


def _arrow(values: Any, kind: str) -> list[Any] | None:
    """An Arrow column as the log holds it, in one step, or None where single values must be looked at."""
    import pyarrow as pa  # noqa: PLC0415 - only frames need it
    import pyarrow.compute as pc  # noqa: PLC0415 - only frames need it

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    given, wanted = values.type, _WHOLE_COLUMNS.get(kind)
    if pa.types.is_null(given):
        return [None] * len(values)
    if wanted is None or not wanted(pa.types, given):
        return None
    if kind == "timestamp":
        values = pc.floor_temporal(values, unit="microsecond") if given.unit == "ns" else values
        values = values.cast(pa.timestamp("us", tz=given.tz), safe=False).cast(pa.int64())
        if not _within(pc.min_max(values), FIRST_MICROS, LAST_MICROS):
            return None
    elif kind == "date":
        values = values.cast(pa.date32()).cast(pa.int32())
    elif kind in {"int", "bigint"}:
        limit = 1 << (31 if kind == "int" else 63)
        if not _within(pc.min_max(values), -limit, limit - 1):
            return None
    elif kind in {"float", "double"} and pc.all(pc.is_finite(values)).as_py() is False:
        return None
    listed: list[Any] = values.to_pylist()
    return listed


def _within(bounds: Any, first: int, last: int) -> bool:
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    return low is None or (low >= first and high <= last)


_WHOLE_COLUMNS: dict[str, Callable[[Any, Any], bool]] = {
    "boolean": lambda types, given: types.is_boolean(given),
    "int": lambda types, given: types.is_integer(given),
    "bigint": lambda types, given: types.is_integer(given),
    "float": lambda types, given: types.is_float32(given) or types.is_float16(given),
    "double": lambda types, given: types.is_floating(given),
    "string": lambda types, given: (
        types.is_string(given) or types.is_large_string(given) or types.is_string_view(given)
    ),
    "binary": lambda types, given: types.is_binary(given) or types.is_large_binary(given),
    "date": lambda types, given: types.is_date32(given),
    "timestamp": lambda types, given: types.is_timestamp(given),
}
"""Feature type → whether all values of an Arrow type are values of it."""
