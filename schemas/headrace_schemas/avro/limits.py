"""How large a schema may be. Whatever is beyond is refused before anybody spends time on it."""

from headrace_events.errors import Invalid

MOST_BYTES = 900_000
"""Of a schema's text in UTF-8; a record of the log has a million."""

MOST_DEPTH = 64
"""Of types within types, as they are written."""

MOST_TYPES = 40_000
"""Of types in one schema, its referenced ones included; a name that is used again counts again."""

MOST_DEFAULTS = 10_000
"""Of values that a field's default stands for, with the defaults of the fields it leaves out."""

MOST_COMPARISONS = 20_000
"""Of pairs of types in one comparison of two schemas."""


def invalid(reason: str) -> Invalid:
    """The text is no schema, for that reason."""
    return Invalid("invalid-schema", f"this is not an Avro schema we can take: {reason[:500]}")
