"""What a feature group with on-demand functions is to have: columns that rows bring, and request parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headrace._columns import Feature, features_of
from headrace._errors import Invalid
from headrace._function_source import annotated
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
    taken = {one.name for one in parameters} | _dropped(functions)
    if features is not None:
        taken |= arguments.keys() - there
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
