"""The canonical bytes of a primary key: the same entity has the same key, and two entities never share one.

For each column of the primary key, in the group's order, one tag byte and the value, numbers big-endian:

boolean 01 + one byte 00 or 01 · int and bigint 02 + 8 bytes two's complement · string 03 + 4 bytes length + UTF-8 ·
binary 04 + 4 bytes length + bytes · date 05 + 4 bytes two's complement, days since 1970-01-01 ·
timestamp 06 + 8 bytes two's complement, microseconds since 1970-01-01T00:00:00Z.

No component is the beginning of another, so the sequence is injective. `int` and `bigint` agree on purpose: a key
column may widen and its entities stay the same.
"""

import struct
from collections.abc import Sequence

from headrace_events.errors import Invalid

KeyValue = bool | int | str | bytes

TAGS = {"boolean": 1, "int": 2, "bigint": 2, "string": 3, "binary": 4, "date": 5, "timestamp": 6}
"""Feature type → tag byte."""

_NUMBERS = {"int": ">bq", "bigint": ">bq", "date": ">bi", "timestamp": ">bq"}
_RANGES = {"int": 31, "bigint": 63, "date": 31, "timestamp": 63}
_LENGTH = struct.Struct(">bI")


def encode_key(types: Sequence[str], values: Sequence[KeyValue | None]) -> bytes:
    """The key of these values, dates as days and timestamps as microseconds; raises Invalid."""
    if len(types) != len(values):
        raise Invalid("invalid-key", f"the key has {len(types)} columns, {len(values)} values were given")
    return b"".join([_encode(kind, value) for kind, value in zip(types, values, strict=True)])


def _encode(kind: str, value: KeyValue | None) -> bytes:
    if value is None:
        raise Invalid("missing-key", "a key column is null")
    match kind:
        case "boolean" if isinstance(value, bool):
            return bytes((1, value))
        case "int" | "bigint" | "date" | "timestamp" if isinstance(value, int) and not isinstance(value, bool):
            limit = 1 << _RANGES[kind]
            if -limit <= value < limit:
                return struct.pack(_NUMBERS[kind], TAGS[kind], value)
        case "string" if isinstance(value, str):
            try:
                text = value.encode()
            except UnicodeEncodeError:
                raise Invalid("invalid-key", "a key string is not valid Unicode") from None
            return _LENGTH.pack(3, len(text)) + text
        case "binary" if isinstance(value, bytes):
            return _LENGTH.pack(4, len(value)) + value
    raise Invalid("invalid-key", f"{str(value)[:80]!r} is not a key value of type {kind}")


def decode_key(types: Sequence[str], key: bytes) -> tuple[KeyValue, ...]:
    """The values of a key; raises Invalid where the bytes are not canonical for these types."""
    values: list[KeyValue] = []
    place = 0
    try:
        for kind in types:
            value, place = _decode(kind, key, place)
            values.append(value)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise Invalid("invalid-key", f"the key does not hold {', '.join(types)}: {error}") from None
    if place != len(key) or encode_key(types, values) != key:
        raise Invalid("invalid-key", f"the key is not the canonical one of {', '.join(types)}")
    return tuple(values)


def _decode(kind: str, key: bytes, place: int) -> tuple[KeyValue, int]:
    if key[place] != TAGS[kind]:
        raise Invalid("invalid-key", f"tag {key[place]} stands where a {kind} is due")
    if kind == "boolean":
        return key[place + 1] == 1, place + 2
    if kind in _NUMBERS:
        (_, number) = struct.unpack_from(_NUMBERS[kind], key, place)
        return int(number), place + struct.calcsize(_NUMBERS[kind])
    _, length = _LENGTH.unpack_from(key, place)
    start = place + _LENGTH.size
    raw = key[start : start + length]
    if len(raw) != length:
        raise Invalid("invalid-key", "the key ends in the middle of a value")
    return (raw.decode() if kind == "string" else raw), start + length
