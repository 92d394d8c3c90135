"""The columns of a feature view, as the groups it selects from describe them; asked for when first needed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from headrace._artifacts import DatasetApi
from headrace._columns import Feature
from headrace._errors import NotFound
from headrace._external_feature_group import ExternalFeatureGroup
from headrace._group_on_demand import functions_of
from headrace._http import Api
from headrace._on_demand import OnDemandFunction
from headrace._read_feature_group import Vector, vector_of
from headrace._take_reading import take_reading
from headrace._vectors import jsonable, typed


class ViewColumns:
    """What the versions of groups say of the columns that a view takes from them."""

    def __init__(self, api: Api, project: str, view: Mapping[str, Any]) -> None:
        self._api = api
        self._project = f"/api/projects/{project}"
        self._name = project
        self._view = view
        self._groups: dict[str, Mapping[str, Any]] = {}

    @property
    def view(self) -> Mapping[str, Any]:
        """The view, as the API has it."""
        return self._view

    @property
    def known(self) -> bool:
        """Whether they have been asked for."""
        return "all" in self.__dict__

    @property
    def external(self) -> bool:
        """Whether one of the groups is known to be a query on another database; nothing is asked for that."""
        return any("query" in group for group in self._groups.values())

    @cached_property
    def all(self) -> list[Feature]:
        """All columns, labels among them: the root's, then those of each join."""
        return [
            Feature(selection["prefix"] + name, columns[name]["type"], columns[name]["description"])
            for selection in self._selections
            for columns in [self._columns(selection)]
            for name in selection["features"]
        ]

    @cached_property
    def primary_key(self) -> list[str]:
        """Of the root group."""
        return list(self._group(self._view["root"])["primary_key"])

    @property
    def root_prefix(self) -> str:
        """What stands before the names of the root group's columns."""
        return str(self._view["root"]["prefix"])

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

    def on_demand(self, seen: Collection[str]) -> list[OnDemandFunction]:
        """The functions of the groups that compute any of these columns, with what they are called in the view."""
        found = []
        for selection in self._selections:
            prefix = selection["prefix"]
            shown = {name for name in selection["features"] if prefix + name in seen}
            for one in functions_of(self._group(selection)):
                gives = tuple(name for name in one.gives if name in shown)
                found += [replace(one, prefix=prefix, gives=gives)] if gives else []
        return found

    def _columns(self, selection: Mapping[str, Any]) -> dict[str, Any]:
        """Column → what the API says of it."""
        return {column["name"]: column for column in self._group(selection)["columns"]}

    def _group(self, selection: Mapping[str, Any]) -> Mapping[str, Any]:
        path = self._path(selection)
        if path not in self._groups:
            try:
                self._groups[path] = self._api.get(path)
            except NotFound:
                if selection.get("project"):
                    raise
                self._groups[path] = self._api.get(path.replace("/feature-groups/", "/external-feature-groups/", 1))
        return self._groups[path]

    def vectors(self, selection: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> list[Vector]:
        """The last row of each key: stored online, or asked of the database of an external group. Raises Failed."""
        row = self._group(selection)
        if "query" in row:
            group = ExternalFeatureGroup(self._api, self._name, row)
            types = {one.name: one.type for one in group.features}
            typed_keys = [{name: typed(value, types[name]) for name, value in key.items()} for key in keys]
            return group.get_vectors(typed_keys)
        answer = self._api.ask(f"{self._path(selection)}/vectors", {"keys": jsonable(keys)})
        columns = [Feature(one["name"], one["type"], one["description"]) for one in row["columns"]]
        return [vector_of(one, columns) for one in answer["vectors"]]

    def readings(self) -> list[dict[str, Any]]:
        """What the external groups of the view give now, read and stored: one reading of each.

        Raises:
            Failed: an external group cannot be read.
            Forbidden: you may not open its database.
        """
        files = DatasetApi(self._api, self._name)
        taken: dict[str, list[str]] = {}
        for number, selection in enumerate(self._selections):
            row = self._group(selection)
            if "query" in row:
                taken.setdefault(self._path(selection), []).extend(self._needed(selection, number))
        return [
            take_reading(files, ExternalFeatureGroup(self._api, self._name, self._groups[path]), columns)
            for path, columns in taken.items()
        ]

    def _needed(self, selection: Mapping[str, Any], number: int) -> list[str]:
        """The columns that the view needs of what is selected, beside key and times; 0 is the root."""
        join = number - 1 if number else None
        asked = [one for kept in self._view["filters"] for one in kept["any_of"]]
        filtered = [one["column"] for one in asked if one.get("join") == join]
        lefts = [pair["left"] for one in self._view["joins"] for pair in one["on"]] if join is None else []
        return [*selection["features"], *filtered, *lefts]

    @property
    def _selections(self) -> list[Mapping[str, Any]]:
        return [self._view["root"], *(join["selection"] for join in self._view["joins"])]

    def _path(self, selection: Mapping[str, Any]) -> str:
        sharing = f"/shared/{selection['project']}" if selection.get("project") else ""
        return f"{self._project}{sharing}/feature-groups/{selection['group']}/versions/{selection['version']}"
