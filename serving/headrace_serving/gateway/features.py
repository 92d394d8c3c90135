"""Features by key, from the online store: the port and its in-memory twin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from headrace_serving.gateway.directory import View
from headrace_serving.model.predictor import Value

Vector = Mapping[str, Value]
"""View column → value, timestamps as microseconds UTC."""


class OnlineFeatures(Protocol):
    """Reads feature vectors."""

    async def vectors(self, project: str, view: View, entries: Sequence[Mapping[str, Value]]) -> list[Vector | None]:
        """For each entry (a primary key of the view's root), the view's columns; None where the root has no such row.

        Raises NotReady where the store does not answer.
        """
        ...


@dataclass(slots=True)
class MemoryFeatures:
    """The twin: vectors by project, view and key."""

    held: dict[tuple[str, str, tuple[Value, ...]], Vector] = field(default_factory=dict)

    def put(self, project: str, view: str, key: tuple[Value, ...], vector: Vector) -> None:
        """Keep a vector."""
        self.held[project, view, key] = vector

    async def vectors(self, project: str, view: View, entries: Sequence[Mapping[str, Value]]) -> list[Vector | None]:
        """Find each."""
        names = list(view.entity)
        return [self.held.get((project, view.created.name, tuple(entry[name] for name in names))) for entry in entries]
