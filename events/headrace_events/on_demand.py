"""On-demand features: what a group computes of its columns, and of parameters that only a request knows.

Whoever writes a row computes them of what the row brings, and stores them; whoever reads a vector computes them again,
with the same functions, of what is stored and of what the request says.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from headrace_events.aggregates import Known
from headrace_events.errors import Invalid
from headrace_events.ids import object_name
from headrace_events.row_schema import Column
from headrace_events.transformation import Transformation, check_function

MOST_ON_DEMAND = 1_000
MOST_PARAMETERS = 1_000

WITHOUT_STATISTICS: Mapping[str, str | None] = {
    "log_transform": "double",
    "impute_category": "string",
    "impute_constant": None,
}
"""The built-in functions that need no training data → the type they return, None that of their argument."""


def check_on_demand(
    wanted: Sequence[Transformation],
    columns: Sequence[Column],
    parameters: Sequence[Column],
    project: str,
    known: Known,
) -> tuple[tuple[Transformation, ...], tuple[Column, ...]]:
    """The functions with all their outputs named, and the columns that these are.

    Raises Invalid or NotFound unless each function is there, takes columns and request parameters, and needs no
    training data; and unless each parameter is used, and all have names of their own.
    """
    if len(wanted) > MOST_ON_DEMAND or len(parameters) > MOST_PARAMETERS:
        message = f"a group has at most {MOST_ON_DEMAND:,} on-demand functions, and {MOST_PARAMETERS:,} parameters"
        raise Invalid("too-many-transformations", message)
    types = {one.name: one.type for one in (*columns, *parameters)}
    named: list[Transformation] = []
    made: list[Column] = []
    for one in wanted:
        kinds = _returned(one, project, types, known)
        numbered = tuple(f"{one.function}_{number}" for number in range(len(kinds)))
        outputs = one.outputs or (numbered if len(kinds) > 1 else (one.function,))
        named.append(replace(one, outputs=outputs))
        made += [Column(name=name, type=kind) for name, kind in zip(outputs, kinds, strict=True)]
    _check_names(columns, parameters, made)
    used = {argument for one in named for argument in one.columns}
    for parameter in parameters:
        object_name(parameter.name, "request parameter")
        if parameter.name not in used:
            raise Invalid("unused-parameter", f"no function takes the request parameter {parameter.name!r}")
    return tuple(named), tuple(made)


def _returned(one: Transformation, project: str, types: Mapping[str, str], known: Known) -> Sequence[str]:
    """The types of what comes out; raises Invalid or NotFound."""
    for argument in one.columns:
        if argument not in types:
            message = f"{one.function!r} takes {argument!r}, which is neither a column that rows bring nor a parameter"
            raise Invalid("unknown-argument", message, {"argument": argument})
    signature = check_function(one, project, types, known)
    if one.function not in WITHOUT_STATISTICS if signature is None else signature.statistics:
        message = f"{one.function!r} needs statistics of training data, which a row has not: apply it in a feature view"
        raise Invalid("needs-statistics", message)
    if signature is not None:
        return signature.return_types
    return (WITHOUT_STATISTICS[one.function] or types[one.columns[0]],)


def _check_names(columns: Sequence[Column], parameters: Sequence[Column], made: Sequence[Column]) -> None:
    taken = {one.name for one in columns}
    for one in (*parameters, *made):
        if one.name in taken:
            message = f"{one.name!r} is named twice among columns, request parameters and what functions return"
            raise Invalid("output-twice", f"{message}: name the outputs with alias", {"column": one.name})
        taken.add(one.name)


class Computing(Protocol):
    """A function with what it is applied to, wherever it is told of."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What it is computed of."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The features that it gives."""


def arguments_of(functions: Iterable[Computing]) -> dict[str, tuple[str, ...]]:
    """Feature that is computed on demand → what it is computed of."""
    return {output: one.columns for one in functions for output in one.outputs}


def to_be_given(
    prefix: str, selected: Sequence[str], on_demand: Mapping[str, Sequence[str]], types: Mapping[str, str]
) -> dict[str, str]:
    """What on-demand features among the selected ones are computed of beside others of these, by its name in the view.

    `types` are those of the group's columns and request parameters; the names have the join's prefix, as features do.
    """
    needed = dict.fromkeys(argument for feature in selected for argument in on_demand.get(feature, ()))
    return {prefix + name: types[name] for name in needed if name not in selected}
