"""Transformation functions: those that members write, those that are built in, and what a view applies them to."""

from __future__ import annotations

import datetime as dt
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from headrace._errors import Invalid
from headrace._function_source import source_of, statistics_read
from headrace._training_statistics import FeatureStatistics
from headrace._transformation_errors import unknown_statistic

Mode = Literal["default", "python", "pandas"]

_TYPES: Mapping[Any, str] = {
    bool: "boolean",
    int: "bigint",
    float: "double",
    str: "string",
    bytes: "binary",
    dt.date: "date",
    dt.datetime: "timestamp",
}
_NAMED = frozenset({"boolean", "int", "bigint", "float", "double", "string", "binary", "date", "timestamp"})
_STATISTICS = frozenset({one.name for one in fields(FeatureStatistics)} | {"stddev", "unique_values"})


class TransformationStatistics:
    """Says, as the default of the argument `statistics`, of which arguments a function reads statistics.

    The function then finds them as in `statistics.delay.mean`: those of the training dataset, each a FeatureStatistics.
    """

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformation:
    """A function applied to columns of a view, by their names."""

    function: TransformationFunction
    columns: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()

    def alias(self, *names: str) -> Transformation:
        """The same, whose outputs are called so, not `<function>_<columns>_`."""
        return replace(self, outputs=names)

    def body(self, version: int | None) -> dict[str, Any]:
        """As the API takes it, of that version of the function."""
        try:
            parameters = json.dumps(dict(self.parameters), sort_keys=True, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise Invalid(
                f"the parameters of {self.function.name!r} are numbers and texts: {error}", code="invalid-parameter"
            ) from None
        return {
            "function": self.function.name,
            "version": version,
            "columns": list(self.columns),
            "parameters": parameters,
            "outputs": list(self.outputs),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformationFunction:
    """A function; call it with names of columns to apply it in a view: `standard_scaler("delay")`.

    `version` is None until it is registered, and for one that is built in, which has no source either. `arguments` are
    its features, `statistics` those whose statistics it reads, `drop` those that its outputs replace.
    """

    name: str
    version: int | None = None
    source: str | None = field(default=None, repr=False)
    arguments: tuple[str, ...] = ("feature",)
    statistics: tuple[str, ...] = ()
    return_types: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    mode: str = "default"

    @property
    def is_built_in(self) -> bool:
        """Whether everybody has it."""
        return self.source is None

    def __call__(self, *columns: str, **parameters: Any) -> Transformation:
        """Apply it to columns of a view; parameters are for functions that are built in.

        Raises Invalid: there are more columns or fewer than it takes.
        """
        for column in columns:
            if not isinstance(column, str):
                raise Invalid(
                    f"{self.name} is applied to columns by their names, not to {type(column).__name__}: rows are "
                    "transformed by view.transform",
                    code="wrong-number-of-columns",
                )
        if len(columns) != len(self.arguments):
            raise Invalid(
                f"{self.name} takes {', '.join(self.arguments)}, not the {len(columns)} columns {', '.join(columns)}",
                code="wrong-number-of-columns",
            )
        return Transformation(function=self, columns=columns, parameters=parameters)

    def same_as(self, other: TransformationFunction) -> bool:
        """Whether both do the same, whatever their versions."""
        return replace(self, version=None) == replace(other, version=None)

    def body(self) -> dict[str, Any]:
        """As the API takes it."""
        return {
            "name": self.name,
            "source": self.source,
            "arguments": list(self.arguments),
            "statistics": list(self.statistics),
            "return_types": list(self.return_types),
            "drop": list(self.drop),
            "mode": self.mode,
        }


def udf(
    return_types: Any, drop: str | Sequence[str] | None = None, mode: Mode = "default"
) -> Callable[[Callable[..., Any]], TransformationFunction]:
    """Make a transformation function of a function of features.

    Args:
        return_types: the type of what it returns, or a list of several: `float`, `int`, `str`, `bool`, `date`,
            `datetime`, or the name of a feature type.
        drop: the arguments that its outputs replace, so that a model does not see them.
        mode: `python` gives it the values of a row, `pandas` whole columns (Series); `default` is pandas for training
            data and frames, python for vectors.

    With an argument `statistics=TransformationStatistics("delay")` it reads statistics of the training data. Only its
    source is kept: modules and constants that it uses come along, functions of your own do not.

    Raises:
        Invalid: its source is not complete, a return type or an argument is none, a statistic is not kept.
    """
    if mode not in {"default", "python", "pandas"}:
        raise Invalid(f"a mode is default, python or pandas, not {mode!r}", code="invalid-mode")
    listed = return_types if isinstance(return_types, list | tuple) else [return_types]
    kinds = tuple(_type(one) for one in listed)
    if not kinds:
        raise Invalid("a function returns at least one column", code="invalid-return-types")

    def made(function: Callable[..., Any]) -> TransformationFunction:
        arguments, statistics = _arguments(function)
        dropped = (drop,) if isinstance(drop, str) else tuple(drop or ())
        for name in (*dropped, *statistics):
            if name not in arguments:
                raise Invalid(
                    f"{function.__name__} has no argument {name!r}; it takes {', '.join(arguments)}",
                    code="unknown-argument",
                )
        source = source_of(function)
        for name in sorted(statistics_read(source, arguments) - _STATISTICS):
            raise unknown_statistic(function.__name__, name)
        return TransformationFunction(
            name=function.__name__,
            source=source,
            arguments=arguments,
            statistics=statistics,
            return_types=kinds,
            drop=dropped,
            mode=mode,
        )

    return made


def _type(given: Any) -> str:
    found = given if isinstance(given, str) else _TYPES.get(given) if isinstance(given, type) else None
    if found not in _NAMED:
        raise Invalid(
            f"a function returns float, int, str, bool, bytes, date, datetime or a feature type, not {given!r}",
            code="invalid-return-types",
        )
    return str(found)


def _arguments(function: Callable[..., Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The features it takes, and those whose statistics it reads; raises Invalid."""
    names = []
    statistics: tuple[str, ...] = ()
    for name, one in inspect.signature(function).parameters.items():
        if name == "statistics":
            if not isinstance(one.default, TransformationStatistics):
                raise Invalid(
                    f"{function.__name__} takes statistics: say of which arguments, with "
                    'statistics=TransformationStatistics("…")',
                    code="unknown-argument",
                )
            statistics = one.default.arguments
        elif one.kind in {one.VAR_POSITIONAL, one.VAR_KEYWORD} or one.default is not one.empty:
            raise Invalid(
                f"{function.__name__} takes features by their names: no *arguments, and {name!r} has no default",
                code="invalid-arguments",
            )
        else:
            names.append(name)
    if not names:
        raise Invalid(f"{function.__name__} takes no feature", code="invalid-arguments")
    return tuple(names), statistics
