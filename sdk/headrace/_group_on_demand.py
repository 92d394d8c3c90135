"""The on-demand features of a feature group: declared when it is made, computed when rows are inserted."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from headrace._columns import Feature, features_of
from headrace._errors import Invalid
from headrace._frames import Slice
from headrace._function_source import annotated
from headrace._on_demand import Computed, OnDemand, OnDemandFunction, as_list, computed
from headrace._transformation_function import Transformation, TransformationFunction


@dataclass(frozen=True, slots=True)
class Declared:
    """What a group is to have: the columns that rows bring, and what functions take besides."""

    columns: Sequence[Feature]
    parameters: Sequence[Feature]


def applied(given: Transformation | TransformationFunction) -> Transformation:
    """A function of one's own is applied to columns and parameters that are called like its arguments."""
    if isinstance(given, TransformationFunction) and not given.is_built_in:
        return given(*given.arguments)
    if not isinstance(given, Transformation):
        raise Invalid(
            "transformation_functions are functions that udf made, or functions applied to columns, as in "
            f"log_transform('amount'), not {given!r}",
            code="invalid-transformation",
        )
    return given


def declared(
    functions: Sequence[Transformation],
    features: Sequence[Feature] | None,
    parameters: Sequence[Feature],
    frame: Any,
    kept: Sequence[str | None],
) -> Declared:
    """The columns of a group with these functions, and its request parameters with their types.

    Arguments are parameters where they are named so, where their function drops them, and where features are given, and
    they are not among these. `kept` are the key and the event time, which are none.

    Raises Invalid: an argument is neither a feature nor in the frame, or the type of a parameter is not known.
    """
    found = list(features) if features is not None else features_of(frame)
    made = {name for one in functions for name in (one.outputs or _outputs(one.function))}
    types = {one.name: one.type for one in found} | _annotated(functions) | {one.name: one.type for one in parameters}
    arguments = dict.fromkeys(name for one in functions for name in one.columns)
    there = {one.name for one in found}
    taken = {one.name for one in parameters}
    taken |= _dropped(functions)
    taken |= {name for name in arguments if name not in there} if features is not None else set()
    taken -= set(kept)
    for name in arguments:
        if name not in types:
            raise Invalid(
                f"no type is known of {name!r}, which on-demand functions take: annotate the argument (float, int, "
                f"str, bool, date, datetime), or name it with its type in request_parameters={{{name!r}: …}}",
                code="untyped-parameter",
                details={"argument": name},
            )
    absent = next((name for name in arguments if name not in there and name not in taken), None)
    if absent is not None:
        raise absent_argument(absent)
    said = {one.name: one.description for one in parameters}
    return Declared(
        columns=[one for one in found if one.name not in taken and (features is not None or one.name not in made)],
        parameters=[
            Feature(name, types[name], said.get(name, ""))
            for name in dict.fromkeys((*arguments, *said))
            if name in taken
        ],
    )


def absent_argument(name: str) -> Invalid:
    """Of what functions take, the frame has no column."""
    return Invalid(
        f"the frame has no column {name!r}, which on-demand features are computed of: give it, or insert with "
        "transform=False and the features as columns",
        code="argument-missing",
        details={"argument": name},
    )


def _outputs(function: TransformationFunction) -> list[str]:
    count = len(function.return_types) or 1
    return [function.name] if count == 1 else [f"{function.name}_{number}" for number in range(count)]


def _dropped(functions: Sequence[Transformation]) -> set[str]:
    return {
        column
        for one in functions
        if not one.function.is_built_in
        for argument, column in zip(one.function.arguments, one.columns, strict=True)
        if argument in one.function.drop
    }


def _annotated(functions: Sequence[Transformation]) -> dict[str, str]:
    """The types that sources say of arguments."""
    return {
        column: kinds[argument]
        for one in functions
        if one.function.source is not None
        for kinds in [annotated(one.function.source, one.function.name)]
        for argument, column in zip(one.function.arguments, one.columns, strict=True)
        if argument in kinds
    }


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
