"""The feature store of another project, as far as it is shared: read, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import quote

from headrace._errors import Forbidden
from headrace._group_row import GroupRow
from headrace._group_statistics import ReadStatistics
from headrace._http import Api
from headrace._query import Selectable
from headrace._read_feature_group import ReadFeatureGroup


class SharedFeatureGroup(GroupRow, Selectable, ReadFeatureGroup, ReadStatistics):
    """A version of a feature group that another project shares. Its rows are that project's: nothing is copied.

    Queries select from it as from one's own, and so do feature views.
    """

    def __init__(self, api: Api, base: str, project: str, row: Mapping[str, Any]) -> None:
        self._api = api
        self._base = base
        self._row = row
        self._project = project

    def __repr__(self) -> str:
        return f"SharedFeatureGroup({self.shared_by!r}, {self.name!r}, version={self.version})"

    @property
    def shared_by(self) -> str:
        """The project whose group it is."""
        return self._project

    @property
    def topic(self) -> str:
        """The topic that carries its rows; `project.consumer` reads it."""
        return str(self._row["topic"])

    def append_features(self, features: Any) -> NoReturn:
        """Raise Forbidden: a group grows in its own project."""
        raise Forbidden(
            f"feature group {self.name!r} is that of project {self.shared_by!r}: a Data Owner of that project appends",
            code="not-your-group",
        )

    @property
    def _known(self) -> Mapping[str, Any]:
        return self._row

    @property
    def _path(self) -> str:
        return f"{self._base}/{self.name}/versions/{self.version}"


class SharedFeatureStore:
    """What another project shares of its feature store with the one that is signed in to, at the moment of asking."""

    def __init__(self, api: Api, project: str, sharing: str) -> None:
        self._api = api
        self._sharing = sharing
        self._path = f"/api/projects/{project}/shared/{quote(sharing, safe='')}/feature-groups"

    def __repr__(self) -> str:
        return f"SharedFeatureStore({self._sharing!r})"

    def get_feature_group(self, name: str, version: int | None = None) -> SharedFeatureGroup:
        """A version that is shared, or the newest of those; raises NotFound."""
        at = f"{self._path}/{quote(name, safe='')}"
        return self._group(self._api.get(at)[0] if version is None else self._api.get(f"{at}/versions/{version}"))

    def get_feature_groups(self, name: str | None = None) -> list[SharedFeatureGroup]:
        """All versions that are shared, or those of that group, by name, the newest first."""
        rows = self._api.get(self._path if name is None else f"{self._path}/{quote(name, safe='')}")
        return [self._group(row) for row in rows]

    def _group(self, row: Mapping[str, Any]) -> SharedFeatureGroup:
        return SharedFeatureGroup(self._api, self._path, self._sharing, row)
