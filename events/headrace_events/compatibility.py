"""Compatibility levels: which earlier versions a new schema is held against, and who must be able to read whom.

Source: Confluent's schema registry, "Schema evolution and compatibility".
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from headrace_events.avro import Avro, Written
from headrace_events.language import value

T = TypeVar("T")


class Compatibility(StrEnum):
    """What a new version owes to the earlier ones."""

    NONE = "NONE"
    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FORWARD = "FORWARD"
    FORWARD_TRANSITIVE = "FORWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"

    @property
    def backward(self) -> bool:
        """The new schema reads what was written with the old ones."""
        return self.startswith(("BACKWARD", "FULL"))

    @property
    def forward(self) -> bool:
        """The old schemas read what will be written with the new one."""
        return self.startswith(("FORWARD", "FULL"))

    @property
    def transitive(self) -> bool:
        """All earlier versions count, not only the last."""
        return self.endswith("TRANSITIVE")

    def against(self, versions: Sequence[T]) -> Sequence[T]:
        """Those of the versions (in order) that a new one is held against."""
        return versions if self.transitive else versions[-1:]


DEFAULT = Compatibility.BACKWARD
"""Where neither the subject nor the project says another."""


@value
class Earlier:
    """A version that a new schema is held against."""

    version: int
    schema: Written


def incompatibilities(
    avro: Avro, level: Compatibility, proposed: Written, earlier: Sequence[Earlier]
) -> tuple[str, ...]:
    """Why the schema may not follow those versions (in order) at that level; empty where it may.

    Which versions count, `Compatibility.against` says. Raises Invalid where finding that out takes too many steps.
    """
    comparing = avro.comparing()
    broken: list[str] = []
    for old in reversed(earlier):
        if level.backward:
            found = comparing.unreadable(proposed, old.schema)
            broken += [f"the new schema cannot read data of version {old.version}: {reason}" for reason in found]
        if level.forward:
            found = comparing.unreadable(old.schema, proposed)
            broken += [f"version {old.version} cannot read data of the new schema: {reason}" for reason in found]
    return tuple(broken)
