"""The on-demand features of a feature group, computed when rows are inserted."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from headrace._columns import Feature
from headrace._declared_on_demand import absent_argument
from headrace._errors import Invalid
from headrace._frames import Slice
from headrace._on_demand import Computed, OnDemand, OnDemandFunction, as_list, computed
from headrace._transformation_function import Transformation, TransformationFunction


def functions_of(row: Mapping[str, Any]) -> list[OnDemandFunction]:
    """The on-demand functions of a group, as the API tells of it."""
    listed = (*row["columns"], *row.get("request_parameters", ()))
    types = {one["name"]: one["type"] for one in listed}
    return [
        OnDemandFunction(transformation=_transformation(one), types=types, gives=tuple(one["outputs"]))
        for one in row.get("on_demand", ())
    ]


def _transformation(one: Mapping[str, Any]) -> Transformation:
    made = one["definition"]
    function = TransformationFunction(name=one["function"], drop=("feature",))
    if made is not None:
        function = TransformationFunction(
            name=one["function"],
            version=one["version"],
            source=made["source"],
            arguments=tuple(made["arguments"]),
            return_types=tuple(made["return_types"]),
            drop=tuple(made["drop"]),
            mode=made["mode"],
        )
    return Transformation(
        function=function,
        columns=tuple(one["columns"]),
        parameters=json.loads(one["parameters"]),
        outputs=tuple(one["outputs"]),
    )


class GroupOnDemand(ABC):
    """The on-demand features of one version of a feature group."""

    @property
    @abstractmethod
    def _known(self) -> Mapping[str, Any]:
        """What the API says of the version; raises NotFound before it is made."""

    @property
    def transformation_functions(self) -> list[Transformation]:
        """The functions whose outputs are features, computed when rows are inserted and when vectors are read."""
        return [one.transformation for one in functions_of(self._known)]

    @property
    def request_parameters(self) -> list[Feature]:
        """What these functions take besides features: columns of a frame that are not stored."""
        return [
            Feature(one["name"], one["type"], one["description"]) for one in self._known.get("request_parameters", ())
        ]

    @cached_property
    def _on_demand(self) -> OnDemand:
        return OnDemand(functions_of(self._known))

    def _completed(self, part: Slice, *, transform: bool = True) -> tuple[Slice, dict[int, str]]:
        """The rows as they are stored, computed features among them; and of rows that cannot be computed, why.

        Raises Invalid: the frame lacks an argument, has what is computed, or a function is not repeatable.
        """
        if not self._known.get("on_demand"):
            return part, {}
        parameters = {one.name for one in self.request_parameters}
        kept = {name: values for name, values in part.columns.items() if name not in parameters}
        if not transform:
            return replace(part, columns=kept), {}
        for feature in self._on_demand.features:
            if feature.name in kept:
                raise Invalid(
                    f"{feature.name!r} is computed, and the frame has it too: leave it out, or insert with "
                    "transform=False",
                    code="computed-column",
                    details={"feature": feature.name},
                )
        for name in self._on_demand.arguments:
            if name not in part.columns:
                raise absent_argument(name)
        listed = {name: as_list(part.columns[name]) for name in self._on_demand.arguments}
        found = computed(self._on_demand.ready, listed, part.count)
        if part.first == 0:
            self._on_demand.must_repeat(listed, part.count, found)
        return replace(part, columns={**kept, **found.columns}), _reasons(found)


def _reasons(found: Computed) -> dict[int, str]:
    """Why a row cannot be stored, by its place in the slice."""
    return {row: next(iter(reasons.values())) for row, reasons in found.wrong.items()}
