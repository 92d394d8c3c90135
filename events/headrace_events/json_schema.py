"""What the decisions about tags ask of JSON Schema; the room of schemas answers."""

from typing import Protocol


class JsonSchemas(Protocol):
    """JSON Schema's rules, within bounds that let no schema and no value hold up whoever decides."""

    def form(self, schema: str) -> str:
        """The schema's text without what means nothing; raises Invalid where it is none, or beyond our bounds."""
        ...

    def fitting(self, schema: str, value: str) -> str:
        """The value's text without what means nothing; raises Invalid where it does not fit, or beyond our bounds."""
        ...
