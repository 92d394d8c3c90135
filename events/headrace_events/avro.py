"""What the decisions about schemas ask of Avro; the room of schemas answers."""

from collections.abc import Sequence
from typing import Protocol

from headrace_events.language import value


@value
class Written:
    """A schema as it was sent: its JSON text, and the texts it refers to, each after those it refers to itself."""

    text: str
    referenced: tuple[str, ...] = ()


class Comparing(Protocol):
    """Compares one schema with all those it is held against; they share what may be spent on it."""

    def unreadable(self, reader: Written, writer: Written) -> Sequence[str]:
        """Why not everything written with `writer` can be read with `reader`; empty where it can.

        Raises Invalid where the comparisons so far take too many steps.
        """
        ...


class Avro(Protocol):
    """Avro's own rules."""

    def form(self, schema: Written) -> str:
        """A text that is equal for equal schemas; raises Invalid where it is no schema, or one beyond our bounds."""
        ...

    def comparing(self) -> Comparing:
        """Something to compare one schema with those it is held against."""
        ...
