"""The end of a version of a feature group."""

from __future__ import annotations

from abc import ABC, abstractmethod

from headrace._http import Api


class GroupLife(ABC):
    """What takes rows away for good; for Data Owners."""

    _api: Api

    @property
    @abstractmethod
    def _path(self) -> str:
        """Where the API has the version."""

    def delete(self) -> None:
        """Delete this version with its topic and all its rows; its name and version are never used again.

        Raises:
            Conflict: `feature-group-in-use`; the message says which views, training datasets or shares need it.
        """
        self._api.delete(self._path)
