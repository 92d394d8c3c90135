"""The columns of a feature view, as the groups it selects from describe them; asked for when first needed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from headrace._columns import Feature
from headrace._http import Api


class ViewColumns:
    """What the versions of groups say of the columns that a view takes from them."""

    def __init__(self, api: Api, project: str, view: Mapping[str, Any]) -> None:
        self._api = api
        self._project = f"/api/projects/{project}"
        self._view = view
        self._groups: dict[str, Mapping[str, Any]] = {}

    @property
    def known(self) -> bool:
        """Whether they have been asked for."""
        return "all" in self.__dict__

    @cached_property
    def all(self) -> list[Feature]:
        """All columns, labels among them: the root's, then those of each join."""
        selections = [self._view["root"], *(join["selection"] for join in self._view["joins"])]
        return [
            Feature(selection["prefix"] + name, columns[name]["type"], columns[name]["description"])
            for selection in selections
            for columns in [self._columns(selection)]
            for name in selection["features"]
        ]

    @cached_property
    def primary_key(self) -> list[str]:
        """Of the root group."""
        return list(self._group(self._view["root"])["primary_key"])

    @cached_property
    def root(self) -> list[Feature]:
        """All columns of the root group, whether the view shows them or not."""
        columns = self._columns(self._view["root"]).values()
        return [Feature(column["name"], column["type"], column["description"]) for column in columns]

    @cached_property
    def file_types(self) -> dict[str, str]:
        """The type of every column in the files of a training dataset: the view's, the root's key, the event time."""
        root = self._columns(self._view["root"])
        keys = {f"_key_{name}": root[name]["type"] for name in self.primary_key}
        return {feature.name: feature.type for feature in self.all} | keys | {"_event_time": "timestamp"}

    def _columns(self, selection: Mapping[str, Any]) -> dict[str, Any]:
        """Column → what the API says of it."""
        return {column["name"]: column for column in self._group(selection)["columns"]}

    def _group(self, selection: Mapping[str, Any]) -> Mapping[str, Any]:
        sharing = f"/shared/{selection['project']}" if selection.get("project") else ""
        path = f"{self._project}{sharing}/feature-groups/{selection['group']}/versions/{selection['version']}"
        if path not in self._groups:
            self._groups[path] = self._api.get(path)
        return self._groups[path]
