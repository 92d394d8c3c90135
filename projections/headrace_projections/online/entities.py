"""Entities as people name them, in Python or JSON, and their canonical keys."""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from headrace_events.entity_key import KeyValue, encode_key
from headrace_events.errors import Invalid
from headrace_projections.rows.groups import Group

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def key_maker(group: Group) -> Callable[[Mapping[str, Any]], bytes]:
    """What makes the key of an entity that names its whole primary key; it raises Invalid."""
    types, names = group.key_types, group.primary_key

    def key_of(entity: Mapping[str, Any]) -> bytes:
        given = [entity.get(name) for name in names]
        if None in given:
            missing = [name for name, value in zip(names, given, strict=True) if value is None]
            raise Invalid(
                "missing-key",
                f"name the whole primary key of {group.name!r}: {', '.join(missing)} is missing",
                {"missing": ", ".join(missing)},
            )
        # A whole number stands for itself, whatever the type of its column.
        values = [
            value if type(value) is int else key_value(kind, value) for kind, value in zip(types, given, strict=True)
        ]
        return encode_key(types, values)

    return key_of


def key_value(kind: str, given: Any) -> KeyValue:
    """A value as keys hold it.

    Dates and timestamps may be Python's, ISO 8601, or days and microseconds since 1970; a time without a zone is UTC.
    Binary may be base64. Raises Invalid.
    """
    try:
        match kind, given:
            case "date", datetime():
                pass
            case "date", date():
                return (given - _EPOCH.date()).days
            case "date", str():
                return (date.fromisoformat(given) - _EPOCH.date()).days
            case "timestamp", datetime():
                return _micros(given)
            case "timestamp", str():
                return _micros(datetime.fromisoformat(given))
            case "binary", str():
                return base64.b64decode(given, validate=True)
            case (("int" | "bigint"), float()) if given.is_integer():
                return int(given)
            case _, bool() | int() | str() | bytes():
                return given
    except (ValueError, binascii.Error) as error:
        raise Invalid("invalid-key", f"{str(given)[:80]!r} is not a key value of type {kind}: {error}") from None
    raise Invalid("invalid-key", f"{str(given)[:80]!r} is not a key value of type {kind}")


def _micros(moment: datetime) -> int:
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MICROSECOND
