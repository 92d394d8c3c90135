"""What can be wrong with bytes.

SchemaError
├── Undecodable        the bytes are not what they say they are      dead letter
├── UnknownSchema      the schema id is not (yet) known              wait, then dead letter
├── UnknownEvent       an event type of a newer Headrace             stop: upgrade the reader first
└── DoesNotFit         a value that the schema cannot hold           refuse
"""


class SchemaError(Exception):
    """Anything wrong between bytes and values."""


class Undecodable(SchemaError):
    """The bytes do not follow their schema, or have no framing."""


class UnknownSchema(SchemaError):
    """No schema of that id is known here."""

    def __init__(self, schema_id: int) -> None:
        super().__init__(f"schema id {schema_id} is not known")
        self.schema_id = schema_id


class UnknownEvent(SchemaError):
    """The schema is known, but no event class of ours has it: this reader is older than the writer."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not an event this version of Headrace knows: upgrade the reader first")
        self.name = name


class DoesNotFit(SchemaError):
    """The value cannot be written with the schema."""
