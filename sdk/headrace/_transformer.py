"""Applies the transformations of a view with the statistics of one training dataset; frames given are not changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace._built_in_functions import BUILT_IN, Wanted
from headrace._columns import Feature
from headrace._errors import Invalid
from headrace._feature_values import rows_of, typed_values
from headrace._function_source import load
from headrace._training_statistics import FeatureStatistics
from headrace._transformation_errors import function_failed, unknown_statistic, wrong_result
from headrace._transformation_function import Transformation


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What comes out: its name, its feature type and its values."""

    name: str
    type: str
    values: Any


class _Statistics:
    """What a member's function finds under `statistics`: of each argument that it named, its FeatureStatistics."""

    def __init__(self, of: Mapping[str, FeatureStatistics]) -> None:
        self.__dict__.update(of)


class Transformer:
    """The transformations, ready to be applied. `columns` are the view's with their types, in order.

    `statistics` are those of the split that a model learns from. Raises Invalid where a function does not load.
    """

    def __init__(
        self,
        transformations: Sequence[Transformation],
        columns: Sequence[Feature],
        statistics: Mapping[str, FeatureStatistics],
    ) -> None:
        self._transformations = tuple(transformations)
        self._types = {column.name: column.type for column in columns}
        self._statistics = statistics
        self._own = {
            (one.function.name, one.function.version): load(one.function.source, one.function.name)
            for one in self._transformations
            if one.function.source is not None
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return Transformer, (self._transformations, self.columns, dict(self._statistics))

    def of(self, columns: frozenset[str]) -> Transformer:
        """Those transformations alone that take nothing but these columns, and these columns alone."""
        taken = [one for one in self._transformations if columns.issuperset(one.columns)]
        kept = [Feature(name, kind) for name, kind in self._types.items() if name in columns]
        return Transformer(taken, kept, self._statistics)

    @property
    def columns(self) -> list[Feature]:
        """The view's columns."""
        return [Feature(name, kind) for name, kind in self._types.items()]

    @property
    def dropped(self) -> frozenset[str]:
        """The columns that no model sees, for outputs replace them."""
        return frozenset(
            column
            for one in self._transformations
            for argument, column in zip(one.function.arguments, one.columns, strict=True)
            if argument in one.function.drop
        )

    @property
    def features(self) -> list[Feature]:
        """What comes out, in order: the columns that stay, then those that are computed."""
        kept = [Feature(name, kind) for name, kind in self._types.items() if name not in self.dropped]
        return kept + [feature for one in self._transformations for feature in self._outputs(one)]

    def made_of(self, columns: Sequence[str]) -> list[str]:
        """What becomes of these columns: those that stay, then what is computed of nothing else."""
        made = [one for one in self._transformations if set(columns).issuperset(one.columns)]
        return [name for name in columns if name not in self.dropped] + [
            feature.name for one in made for feature in self._outputs(one)
        ]

    def takes(self, outputs: Sequence[str]) -> list[str]:
        """The columns that these outputs are computed of, in the view's order; raises Invalid for an unknown one."""
        needed = {name: {name} for name in self._types if name not in self.dropped}
        for one in self._transformations:
            needed |= {feature.name: set(one.columns) for feature in self._outputs(one)}
        unknown = next((name for name in outputs if name not in needed), None)
        if unknown is not None:
            raise Invalid(f"{unknown!r} is none of what the view gives: {', '.join(needed)}", code="unknown-input")
        taken = {column for name in outputs for column in needed[name]}
        return [name for name in self._types if name in taken]

    def computed(self, columns: Mapping[str, Any], *, online: bool) -> list[Column]:
        """What the functions make of these columns; raises Invalid. `online` are vectors, others frames."""
        made = [column for one in self._transformations for column in self._applied(one, columns, online=online)]
        names = [*(name for name in self._types if name not in self.dropped), *(column.name for column in made)]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise Invalid(f"two columns are called {twice!r}: name the outputs with alias", code="output-twice")
        return made

    def frame(self, rows: Any, exact: Any = None) -> Any:
        """A new DataFrame with the outputs after the columns that stay; `exact` has integers that frames round."""
        import pandas as pd  # noqa: PLC0415 - only on demand

        absent = [name for one in self._transformations for name in one.columns if name not in rows.columns]
        if absent:
            raise Invalid(f"the rows have no column {absent[0]!r}", code="unknown-transformed-column")
        given = rows if exact is None else exact
        columns = {
            name: (given if one.function.is_built_in else rows)[name]
            for one in self._transformations
            for name in one.columns
        }
        made = {column.name: _series(column, rows.index) for column in self.computed(columns, online=False)}
        kept = rows[[name for name in rows.columns if name not in self.dropped]]
        return pd.concat([kept, pd.DataFrame(made, index=rows.index)], axis=1)

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Vectors, as dicts, transformed; a column that one of them lacks is None."""
        columns = {name: [row.get(name) for row in rows] for name in self._types}
        made = [
            (column.name, typed_values(column.values, column.type)) for column in self.computed(columns, online=True)
        ]
        return [
            {name: row.get(name) for name in self._types if name not in self.dropped}
            | {name: values[index] for name, values in made}
            for index, row in enumerate(rows)
        ]

    def _outputs(self, one: Transformation) -> list[Feature]:
        """What comes out of one, by name and type; no member's function is called."""
        if one.function.is_built_in:
            return [Feature(column.name, column.type) for column in self._built_in(one, [])]
        kinds = one.function.return_types
        names = one.outputs or _names(one, numbered=len(kinds) > 1, count=len(kinds))
        return [Feature(name, kind) for name, kind in zip(names, kinds, strict=True)]

    def _applied(self, one: Transformation, columns: Mapping[str, Any], *, online: bool) -> list[Column]:
        given = [columns[name] for name in one.columns]
        if one.function.is_built_in:
            return self._built_in(one, given[0])
        made = []
        for feature, values in zip(self._outputs(one), self._called(one, given, online=online), strict=True):
            try:
                made.append(Column(name=feature.name, type=feature.type, values=typed_values(values, feature.type)))
            except TypeError as error:
                raise wrong_result(one.function.name, f"returned what it does not declare: {error}") from None
        return made

    def _built_in(self, one: Transformation, given: Any) -> list[Column]:
        function, (column,) = BUILT_IN[one.function.name], one.columns
        wanted = Wanted(
            function=one.function.name,
            column=column,
            statistics=self._statistics.get(column),
            parameters=one.parameters,
        )
        outputs = function.compute(given, wanted)
        names = one.outputs or _names(one, numbered=function.numbered, count=len(outputs))
        kind = function.returns or self._types[column]
        return [Column(name=name, type=kind, values=values) for name, values in zip(names, outputs, strict=True)]

    def _called(self, one: Transformation, given: list[Any], *, online: bool) -> list[Any]:
        """What a member's function returns: as many columns as it declares, each as long as what it was given."""
        function = self._own[one.function.name, one.function.version]
        how = {}
        if one.function.statistics:
            of = dict(zip(one.function.arguments, one.columns, strict=True))
            known = {
                name: self._statistics[of[name]] for name in one.function.statistics if of[name] in self._statistics
            }
            how["statistics"] = _Statistics(known)
        by_row = one.function.mode == "python" or (online and one.function.mode == "default")
        count = len(one.function.return_types)
        if by_row:
            rows = [_as_tuple(one, _run(one, function, row, how), count) for row in rows_of(given)]
            return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]
        import pandas as pd  # noqa: PLC0415 - only on demand

        series = [column.copy() if isinstance(column, pd.Series) else pd.Series(column) for column in given]
        hint = _IN_COLUMNS if one.function.mode == "default" else ""
        return _columns_of(one, _run(one, function, series, how, hint), count, len(given[0]))


_IN_COLUMNS = "; in mode default it gets whole columns (Series) of frames: mode='python' gives it the values of a row"


def _run(
    one: Transformation, function: Callable[..., Any], values: Sequence[Any], how: Mapping[str, Any], hint: str = ""
) -> Any:
    try:
        return function(*values, **how)
    except Exception as error:
        if isinstance(error, AttributeError) and isinstance(error.obj, _Statistics | FeatureStatistics):
            raise unknown_statistic(one.function.name, str(error.name)) from error
        raise function_failed(one.function.name, error, hint=hint) from error


def _as_tuple(one: Transformation, returned: Any, count: int) -> tuple[Any, ...]:
    """What was returned for a row, as so many values."""
    if count == 1 and not isinstance(returned, list | tuple):
        return (returned,)
    if not isinstance(returned, list | tuple) or len(returned) != count:
        said = f"{len(returned)} values" if isinstance(returned, list | tuple) else type(returned).__name__
        raise wrong_result(one.function.name, f"returned {said} for a row, and declares {count}")
    return tuple(returned)


def _columns_of(one: Transformation, returned: Any, count: int, length: int) -> list[Any]:
    """What was returned for whole columns, as so many columns."""
    if hasattr(returned, "columns"):
        columns = [returned.iloc[:, index] for index in range(returned.shape[1])]
    elif count > 1 and isinstance(returned, list | tuple):
        columns = list(returned)
    else:
        columns = [returned]
    if len(columns) != count:
        raise wrong_result(one.function.name, f"returned {len(columns)} columns, and declares {count}")
    for column in columns:
        if not hasattr(column, "__len__") or isinstance(column, str | bytes):
            raise wrong_result(one.function.name, f"returned {type(column).__name__} where a column is due")
        if len(column) != length:
            raise wrong_result(one.function.name, f"returned {len(column)} values for {length} rows")
    return columns


def _names(one: Transformation, *, numbered: bool, count: int) -> list[str]:
    name = "_".join((one.function.name, *one.columns)) + "_"
    return [f"{name}{number}" for number in range(count)] if numbered else [name]


_DTYPES = {"double": "float64", "float": "float32", "bigint": "int64", "int": "int32", "boolean": "bool"}
_NULLABLE = {**_DTYPES, "bigint": "float64", "int": "float64", "boolean": "object"}


def _series(column: Column, index: Any) -> Any:
    """The column as pandas has it: integers with nulls are doubles, as when a frame is read."""
    import pandas as pd  # noqa: PLC0415 - only on demand

    values = column.values
    if not isinstance(values, list):
        return pd.Series(values, index=index)
    dtypes = _NULLABLE if any(value is None for value in values) else _DTYPES
    return pd.Series(values, index=index, dtype=dtypes.get(column.type, "object" if not values else None))
