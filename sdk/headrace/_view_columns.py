"""The columns of a feature view, as the groups it selects from describe them; asked for when first needed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from headrace._columns import Feature
from headrace._downloads import frame_from
from headrace._errors import Invalid, NotFound
from headrace._examples_here import GroupRows, examples
from headrace._external_feature_group import ExternalFeatureGroup
from headrace._group_on_demand import functions_of
from headrace._http import Api
from headrace._on_demand import OnDemandFunction
from headrace._splits import Time, micros


class ViewColumns:
    """What the versions of groups say of the columns that a view takes from them."""

    def __init__(self, api: Api, project: str, view: Mapping[str, Any]) -> None:
        self._api = api
        self._project = f"/api/projects/{project}"
        self._name = project
        self._view = view
        self._groups: dict[str, Mapping[str, Any]] = {}

    @property
    def known(self) -> bool:
        """Whether they have been asked for."""
        return "all" in self.__dict__

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

    @property
    def external(self) -> bool:
        """Whether one of the groups is a query on another database."""
        return any("query" in self._group(selection) for selection in self._selections)

    def examples(self, start: Time | None, end: Time | None) -> Any:
        """The view's examples, joined here, as an Arrow table; all rows of the groups are read into memory.

        Raises:
            Invalid: the view has filters, or the root has no event time for the bounds.
            Failed: an external group cannot be read.
        """
        if self._view["filters"]:
            raise Invalid(
                "views with external groups are not filtered: put it into the query, or filter what you get",
                code="external-feature-group",
            )
        root, *joined = [self._rows(selection) for selection in self._selections]
        bounds = [None if bound is None else micros(bound) for bound in (start, end)]
        if root.event_time is None and bounds != [None, None]:
            raise Invalid(f"{root.name!r} has no event time: leave start_time and end_time out", code="no-event-time")
        return examples(self._view, root, joined, *bounds)

    @property
    def _selections(self) -> list[Mapping[str, Any]]:
        return [self._view["root"], *(join["selection"] for join in self._view["joins"])]

    def _rows(self, selection: Mapping[str, Any]) -> GroupRows:
        row = self._group(selection)
        if "query" in row:
            table = ExternalFeatureGroup(self._api, self._name, row).read("arrow")
        else:
            table = frame_from(self._api.download(f"{self._path(selection)}/rows?format=arrow&history=true"), "arrow")
        return GroupRows(
            name=row["name"],
            table=table,
            primary_key=row["primary_key"],
            event_time=row.get("event_time"),
            ttl_seconds=row.get("ttl_seconds"),
        )

    def _path(self, selection: Mapping[str, Any]) -> str:
        sharing = f"/shared/{selection['project']}" if selection.get("project") else ""
        return f"{self._project}{sharing}/feature-groups/{selection['group']}/versions/{selection['version']}"
