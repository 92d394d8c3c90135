"""The canonical bytes of a primary key, as the platform checks them (`docs/features.md` has the table).

The server has its own implementation; test vectors hold the two equal.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any

Encode = Callable[[Any], bytes]

_WHOLE = struct.Struct(">bq")
_DAYS = struct.Struct(">bi")
_LENGTH = struct.Struct(">bI")


def _boolean(value: bool) -> bytes:
    return b"\x01\x01" if value else b"\x01\x00"


def _whole(value: int) -> bytes:
    return _WHOLE.pack(2, value)


def _string(value: str) -> bytes:
    text = value.encode()
    return _LENGTH.pack(3, len(text)) + text


def _binary(value: bytes) -> bytes:
    return _LENGTH.pack(4, len(value)) + value


def _date(days: int) -> bytes:
    return _DAYS.pack(5, days)


def _timestamp(micros: int) -> bytes:
    return _WHOLE.pack(6, micros)


ENCODERS: dict[str, Encode] = {
    "boolean": _boolean,
    "int": _whole,
    "bigint": _whole,
    "string": _string,
    "binary": _binary,
    "date": _date,
    "timestamp": _timestamp,
}
"""Feature type → how one value of it is written; dates as days, timestamps as microseconds, none of them null."""


def key_encoder(types: Sequence[str]) -> Callable[[Sequence[Any]], bytes]:
    """What turns the values of a key, in the group's order, into its bytes."""
    encoders = [ENCODERS[kind] for kind in types]
    if len(encoders) == 1:
        (only,) = encoders
        return lambda values: only(values[0])
    return lambda values: b"".join([encode(value) for encode, value in zip(encoders, values, strict=True)])
