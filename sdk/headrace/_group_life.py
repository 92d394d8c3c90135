"""What takes the rows of a feature group away, and the group itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from headrace._http import Api


class GroupLife(ABC):
    """Clearing and deleting one version of a feature group; for Data Owners."""

    _api: Api
    _project: str

    @property
    @abstractmethod
    def _path(self) -> str:
        """Where the API has the version."""

    def clear(self) -> None:
        """Let go of all rows that are in the log now, and keep the group; returns when none of them can be read.

        An insert that goes on meanwhile is cut where the log is: rows that came before the line are gone, rows after
        it stay, online and offline alike.

        Raises:
            Conflict: `feature-group-in-use`; a training dataset is being made of it.
        """
        accepted = self._api.post(f"{self._path}/clear", {})
        asked = self._api.happened(self._project, accepted, "feature_group.clear_requested")["request"]
        name = f"{self._path} to be cleared"
        row = self._api.wait_until(self._path, lambda now: now if now["clears"] >= asked else None, name)
        if row["online"]:
            begins = [int(position.rpartition(":")[2]) for position in row["cleared"]]
            self._api.wait_until(f"{self._path}/progress", lambda now: _reached(now["partitions"], begins), name)

    def delete(self) -> None:
        """Delete this version with its topic and all its rows; its name and version are never used again.

        Raises:
            Conflict: `feature-group-in-use`; the message says which views, training datasets or shares need it.
        """
        self._api.delete(self._path)


def _reached(partitions: Iterable[Mapping[str, Any]], begins: list[int]) -> bool | None:
    """Whether the online store has let go of all rows before these offsets; None while it has not."""
    return True if all(part["online_begins"] >= begins[part["partition"]] for part in partitions) else None
