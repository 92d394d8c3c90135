"""Reading Avro values of nested types, one after the other; whatever does not follow its type is refused.

Source: Apache Avro 1.12 specification, binary encoding, "Complex Types" and "Decimal". Values are what Arrow takes:
dates as days, timestamps as microseconds, maps as lists of pairs.
"""

import decimal
import math
import struct
from collections.abc import Callable
from typing import Any

from headrace_events.feature_type import Array, Decimal, Embedding, FeatureType, Flat, Map, Struct
from headrace_schemas.errors import Undecodable

Read = Callable[[bytes, int], tuple[Any, int]]
"""From bytes and where a value begins there to the value and where it ends; raises Undecodable."""

_EXACT = decimal.Context(prec=60)


def reader(kind: FeatureType) -> Read:
    """What reads values of the type."""
    match kind:
        case Flat():
            return _FLAT[kind.name]
        case Decimal():
            return _decimal(kind)
        case Embedding():
            return _embedding(kind.size)
        case Array():
            return _array(_nullable(reader(kind.item)))
        case Map():
            return _map(_nullable(reader(kind.item)))
        case Struct():
            return _struct([(name, _nullable(reader(inner))) for name, inner in kind.fields])


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise Undecodable("the body ends inside it")
    return data[at]


def _taken(data: bytes, at: int, width: int) -> bytes:
    if width < 0 or at + width > len(data):
        raise Undecodable("the body ends inside it")
    return data[at : at + width]


def _long(data: bytes, at: int) -> tuple[int, int]:
    raw = shift = 0
    while True:
        byte = _byte(data, at)
        at += 1
        raw |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift > 63:
            raise Undecodable("it holds a number of more than 64 bits")
    if raw >= 1 << 64:
        raise Undecodable("it holds a number of more than 64 bits")
    return (raw >> 1) ^ -(raw & 1), at


def _whole(first: int, last: int) -> Read:
    def read(data: bytes, at: int) -> tuple[int, int]:
        number, at = _long(data, at)
        if not first <= number <= last:
            raise Undecodable("it holds a number outside what its type can be")
        return number, at

    return read


def _boolean(data: bytes, at: int) -> tuple[bool, int]:
    byte = _byte(data, at)
    if byte > 1:
        raise Undecodable("it holds a boolean that is neither 0 nor 1")
    return byte == 1, at + 1


def _real(form: str) -> Read:
    packed = struct.Struct(form)

    def read(data: bytes, at: int) -> tuple[float, int]:
        (number,) = packed.unpack(_taken(data, at, packed.size))
        if not math.isfinite(number):
            raise Undecodable("it holds a number that is not finite")
        return number, at + packed.size

    return read


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = _long(data, at)
    return _taken(data, at, length), at + length


def _string(data: bytes, at: int) -> tuple[str, int]:
    raw, at = _bytes(data, at)
    try:
        return raw.decode(), at
    except UnicodeDecodeError:
        raise Undecodable("it holds a string that is not UTF-8") from None


def _decimal(kind: Decimal) -> Read:
    limit = 10**kind.precision

    def read(data: bytes, at: int) -> tuple[decimal.Decimal, int]:
        raw, at = _bytes(data, at)
        if not 1 <= len(raw) <= 17:
            raise Undecodable("it holds a decimal of no digits or too many")
        unscaled = int.from_bytes(raw, signed=True)
        if not -limit < unscaled < limit:
            raise Undecodable(f"it holds a decimal of more than {kind.precision} digits")
        return decimal.Decimal(unscaled).scaleb(-kind.scale, _EXACT), at

    return read


def _embedding(size: int) -> Read:
    floats = struct.Struct(f"<{size}f")

    def read(data: bytes, at: int) -> tuple[tuple[float, ...], int]:
        raw: list[bytes] = []
        left = size
        while True:
            count, at = _block(data, at)
            if count == 0:
                break
            left -= count
            if left < 0:
                break
            raw.append(_taken(data, at, 4 * count))
            at += 4 * count
        if left != 0:
            raise Undecodable(f"it holds an embedding of another size than {size}")
        found = floats.unpack(b"".join(raw))
        if not all(map(math.isfinite, found)):
            raise Undecodable("it holds a number that is not finite")
        return found, at

    return read


def _block(data: bytes, at: int) -> tuple[int, int]:
    """How many items the next block has; every item takes a byte at least."""
    count, at = _long(data, at)
    if count < 0:
        count = -count
        _, at = _long(data, at)
    if count > len(data) - at:
        raise Undecodable("the body ends inside it")
    return count, at


def _array(item: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        while True:
            count, at = _block(data, at)
            if count == 0:
                return found, at
            for _ in range(count):
                one, at = item(data, at)
                found.append(one)

    return read


def _map(item: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[list[tuple[str, Any]], int]:
        found: dict[str, Any] = {}
        while True:
            count, at = _block(data, at)
            if count == 0:
                return list(found.items()), at
            for _ in range(count):
                name, at = _string(data, at)
                if name in found:
                    raise Undecodable(f"it holds {name[:40]!r} twice")
                found[name], at = item(data, at)

    return read


def _struct(fields: list[tuple[str, Read]]) -> Read:
    def read(data: bytes, at: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        for name, inner in fields:
            found[name], at = inner(data, at)
        return found, at

    return read


def _nullable(inner: Read) -> Read:
    """Of a union whose first branch is null."""

    def read(data: bytes, at: int) -> tuple[Any, int]:
        branch = _byte(data, at)
        if branch == 0:
            return None, at + 1
        if branch != 2:
            raise Undecodable("it has a branch that its union lacks")
        return inner(data, at + 1)

    return read


_FLAT: dict[str, Read] = {
    "boolean": _boolean,
    "int": _whole(-(1 << 31), (1 << 31) - 1),
    "bigint": _whole(-(1 << 63), (1 << 63) - 1),
    "date": _whole(-719_162, 2_932_896),
    "timestamp": _whole(-62_135_596_800_000_000, 253_402_300_799_999_999),
    "float": _real("<f"),
    "double": _real("<d"),
    "string": _string,
    "binary": _bytes,
}
