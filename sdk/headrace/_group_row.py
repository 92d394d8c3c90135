"""What the API says of a version of a feature group that is not made here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace._columns import Feature


class GroupRow:
    """The properties that a group has of what the API says of it."""

    _row: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._row["name"])

    @property
    def version(self) -> int:
        """Its version."""
        return int(self._row["version"])

    @property
    def description(self) -> str:
        """What is said about it."""
        return str(self._row["description"])

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns that name an entity."""
        return tuple(self._row["primary_key"])

    @property
    def event_time(self) -> str | None:
        """The column that says when a row became true."""
        event_time: str | None = self._row.get("event_time")
        return event_time

    @property
    def features(self) -> list[Feature]:
        """All columns, the key and the event time among them."""
        return [Feature(one["name"], one["type"], one["description"]) for one in self._row["columns"]]
