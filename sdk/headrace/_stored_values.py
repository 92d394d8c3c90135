"""Values as the stores would give them back: what a function is given of a row, whether it is stored yet or not."""

from __future__ import annotations

import decimal
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from headrace._feature_types import FeatureType, parsed
from headrace._nested_values import Convert, converter

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = date(1970, 1, 1).toordinal()
_EXACT = decimal.Context(prec=100)


def as_stored(kind: str) -> Convert:
    """What makes of a value that is not null what is read of it once it is stored; it raises WrongValue."""
    convert, read = converter(kind), _reader(parsed(kind))
    return convert if read is None else lambda value: read(convert(value))


def _reader(kind: FeatureType) -> Callable[[Any], Any] | None:
    """What makes of what the log holds what Python has; None where that is the same."""
    match kind.name:
        case "timestamp":
            return lambda micros: _EPOCH + timedelta(microseconds=micros)
        case "date":
            return lambda days: date.fromordinal(days + _FIRST_DAY)
        case "float":
            return _single
        case "embedding":
            return lambda numbers: [_single(number) for number in numbers]
        case "decimal":
            return _decimal(kind.numbers[1])
        case "array":
            item = _of(kind.inner[0])
            return lambda values: [item(one) for one in values]
        case "map":
            entry = _of(kind.inner[0])
            return lambda values: {name: entry(one) for name, one in values.items()}
        case "struct":
            inner = {name: _of(one) for name, one in zip(kind.names, kind.inner, strict=True)}
            return lambda values: {name: inner[name](one) for name, one in values.items()}
    return None


def _of(kind: FeatureType) -> Callable[[Any], Any]:
    """The same for what may be null, inside of others."""
    read = _reader(kind)
    return (lambda value: value) if read is None else (lambda value: None if value is None else read(value))


def _single(number: float) -> float:
    rounded: float = struct.unpack("<f", struct.pack("<f", number))[0]
    return rounded


def _decimal(scale: int) -> Callable[[bytes], decimal.Decimal]:
    return lambda held: decimal.Decimal(int.from_bytes(held, signed=True)).scaleb(-scale, _EXACT)
