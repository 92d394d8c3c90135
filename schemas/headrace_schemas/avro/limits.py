"""How large a schema may be. Whatever is beyond is refused before anybody spends time on it."""

from headrace_events.errors import Invalid

MOST_BYTES = 900_000
"""Of a schema's text in UTF-8; a record of the log has a million."""

MOST_DEPTH = 64
"""Of types within types, as they are written."""

MOST_COMPARED_DEPTH = 100
"""Of types within types in a comparison, where a name stands for what it names."""

MOST_TYPES = 40_000
"""Of types in one schema, its referenced ones included; a name that is used again counts again."""

MOST_TEXT = 4_000_000
"""Of the characters of a schema and of all that it refers to."""

MOST_DEFAULTS = 10_000
"""Of values that a field's default stands for, with the defaults of the fields it leaves out."""

MOST_DEFAULT_STEPS = 20_000
"""Of pairs of a value and a type that are looked at in all defaults of a schema."""

MOST_STEPS = 1_000_000
"""Of comparing one schema with all the versions it is held against: one for each pair of types, for every
NAMES_A_STEP of names that are looked through, and for every CHARACTERS_A_STEP of each text that is read."""

NAMES_A_STEP = 20
CHARACTERS_A_STEP = 32

MOST_REASONS = 20
"""Why one schema cannot read the data of another; nobody reads more."""


def invalid(reason: str) -> Invalid:
    """The text is no schema, for that reason."""
    return Invalid("invalid-schema", f"this is not an Avro schema we can take: {reason[:500]}")
