"""What rows have in a column that came after them: a JSON text in events, a value of the column's type everywhere else.

Dates and timestamps are ISO 8601 in JSON (UTC where no zone is named), binaries base64.
"""

import base64
import json
import math
import struct
from datetime import UTC, date, datetime, timedelta

from headrace_events.errors import Invalid

Default = bool | int | float | str | bytes | date | datetime | None

_BITS = {"int": 32, "bigint": 64}
_LARGEST_FLOAT = 3.4028234663852886e38
_SINGLE = struct.Struct("<f")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def must_be_a_default(name: str, kind: str, text: str | None) -> None:
    """Raise Invalid where the text is not the JSON of a value of that type."""
    try:
        default_of(kind, text)
    except (ValueError, OverflowError, RecursionError) as error:
        raise Invalid(
            "invalid-default",
            f"{(text or '')[:80]} is no default of column {name!r}, which is {kind}: {error}",
            {"column": name, "type": kind},
        ) from None


def default_of(kind: str, text: str | None) -> Default:
    """The value, timestamps in UTC; raises ValueError, OverflowError, RecursionError."""
    if text is None:
        return None
    given = json.loads(text)
    match kind, given:
        case _, None:
            return None
        case "boolean", bool():
            return given
        case "string", str():
            given.encode()
            return given
        case _, bool():
            pass
        case (("int" | "bigint"), int()) if abs(2 * given + 1) < 1 << _BITS[kind]:
            return given
        case (("float" | "double"), int() | float()):
            number = float(given)
            if not math.isfinite(number) or (kind == "float" and abs(number) > _LARGEST_FLOAT):
                raise ValueError("numbers are finite and fit their type")
            return float(_SINGLE.unpack(_SINGLE.pack(number))[0]) if kind == "float" else number
        case "binary", str():
            return base64.b64decode(given, validate=True)
        case "date", str():
            return date.fromisoformat(given)
        case "timestamp", str():
            moment = datetime.fromisoformat(given)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    raise ValueError("it is not a value of that type")


def in_avro(kind: str, text: str | None) -> bool | int | float | str | None:
    """The value as Avro writes it in a schema: dates as days, timestamps as microseconds, bytes as code points."""
    value = default_of(kind, text)
    match value:
        case bytes():
            return value.decode("latin-1")
        case datetime():
            return (value - _EPOCH) // _MICROSECOND
        case date():
            return (value - _EPOCH.date()).days
        case _:
            return value
