"""Computes on-demand features, for rows to be inserted and for vectors alike: of each row by itself.

A function of mode `default` is called row by row, one of mode `pandas` with columns whose types do not depend on what
else is in them. Arguments and results are what the stores would give back. So a row gives at an insert what it gives
for a vector, if the function depends on nothing but its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from headrace._columns import Feature
from headrace._errors import Invalid
from headrace._feature_values import plain_values
from headrace._stored_values import as_stored
from headrace._transformation_function import Transformation
from headrace._transformer import Transformer
from headrace._values import WrongValue, plain

_DTYPES = {
    "boolean": "boolean",
    "int": "Int64",
    "bigint": "Int64",
    "float": "float64",
    "double": "float64",
    "timestamp": "datetime64[us, UTC]",
}
"""Feature type → the dtype of a column in mode `pandas`, with nulls or without; object where there is none."""

Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemandFunction:
    """A function of a feature group, by the names that the group has; `types` are of its arguments and outputs.

    In a view, `prefix` stands before all of these names, and `gives` are those of its outputs that a model sees.
    """

    transformation: Transformation
    types: Mapping[str, str]
    gives: tuple[str, ...]
    prefix: str = ""

    @property
    def name(self) -> str:
        """Its name."""
        return self.transformation.function.name

    @property
    def arguments(self) -> dict[str, str]:
        """What it is computed of: the name in the view → feature type."""
        return {self.prefix + name: self.types[name] for name in self.transformation.columns}

    @property
    def features(self) -> list[Feature]:
        """What it gives."""
        return [Feature(self.prefix + name, self.types[name]) for name in self.gives]


@dataclass(frozen=True, slots=True)
class Computed:
    """A column for each feature, None where it could not be computed; and of these, by row, why: feature → reason."""

    columns: dict[str, list[Any]]
    wrong: dict[int, dict[str, str]]


class OnDemand:
    """On-demand functions; nothing of their sources is run before they are asked to be ready."""

    def __init__(self, functions: Sequence[OnDemandFunction]) -> None:
        self.functions = tuple(functions)

    @cached_property
    def ready(self) -> tuple[Ready, ...]:
        """The functions, loaded; raises Invalid where one does not load."""
        return tuple(_ready(one) for one in self.functions)

    @property
    def arguments(self) -> dict[str, str]:
        """All that is taken: name → feature type."""
        return {name: kind for one in self.functions for name, kind in one.arguments.items()}

    @property
    def features(self) -> list[Feature]:
        """All that is given."""
        return [feature for one in self.functions for feature in one.features]

    def of(self, features: Sequence[str]) -> OnDemand:
        """Those functions alone that give any of these features."""
        return OnDemand([one for one in self.functions if any(made.name in features for made in one.features)])

    def must_repeat(self, columns: Columns, count: int, found: Computed) -> None:
        """Raise Invalid where the first or the last row, computed by itself, has other features than it has here."""
        for row in {0, count - 1} if count else ():
            alone = computed(self.ready, {name: [columns[name][row]] for name in self.arguments}, 1)
            for name, values in found.columns.items():
                again = alone.columns[name][0]
                if again != values[row] and name not in found.wrong.get(row, {}):
                    raise Invalid(
                        f"{name!r} is {values[row]!r} for row {row}, and {again!r} when it is computed again by itself:"
                        " an on-demand function depends on its arguments alone, not on the time, on chance or on other "
                        "rows, for else a request would see another value than is stored",
                        code="not-repeatable",
                        details={"feature": name, "row": row},
                    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """One function, loaded, and for each of its names what makes of values what the stores give back.

    `takes` and `gives` have the names in the view, by those of the function; `dtypes` is there in mode `pandas` alone.
    """

    transformer: Transformer
    stored: Mapping[str, Callable[[Any], Any]]
    takes: Mapping[str, str]
    gives: Mapping[str, str]
    dtypes: Mapping[str, str] | None

    def add(self, columns: Columns, count: int, found: Computed) -> None:
        """Compute, and add what came out to what was found."""
        wrong: dict[int, str] = {}
        given = {name: self._values(name, columns[called], wrong) for name, called in self.takes.items()}
        made = self._made(given, count, wrong) if count else {name: [] for name in self.gives}
        for name, called in self.gives.items():
            values = self._values(name, made[name], wrong)
            found.columns[called] = [None if row in wrong else value for row, value in enumerate(values)]
        for row, reason in wrong.items():
            found.wrong.setdefault(row, {}).update(dict.fromkeys(self.gives.values(), reason))

    def _made(self, given: Mapping[str, list[Any]], count: int, wrong: dict[int, str]) -> dict[str, list[Any]]:
        """The outputs; of a row that cannot be computed None, and the reason in `wrong`."""
        try:
            return self._called(given)
        except Invalid as error:
            if count == 1:
                wrong.setdefault(0, error.message)
                return {name: [None] for name in self.gives}
        made: dict[str, list[Any]] = {name: [] for name in self.gives}
        for row in range(count):
            alone: dict[int, str] = {}
            one = self._made({name: values[row : row + 1] for name, values in given.items()}, 1, alone)
            for name in made:
                made[name] += one[name]
            if alone:
                wrong.setdefault(row, alone[0])
        return made

    def _called(self, given: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
        columns: Mapping[str, Any] = given
        if self.dtypes is not None:
            import pandas as pd  # noqa: PLC0415 - only functions in mode pandas need it

            columns = {name: pd.Series(values, dtype=self.dtypes[name]) for name, values in given.items()}
        outputs = self.transformer.computed(columns, online=True)
        return {one.name: plain_values(one.values) for one in outputs}

    def _values(self, name: str, values: Sequence[Any], wrong: dict[int, str]) -> list[Any]:
        """The values as the stores give them back; one that they do not take is None, and the reason in `wrong`."""
        stored = self.stored[name]
        made: list[Any] = []
        for row, value in enumerate(values):
            bare = plain(value)
            try:
                made.append(None if bare is None else stored(bare))
            except WrongValue as error:
                made.append(None)
                wrong.setdefault(row, f"{name!r} is {str(bare)[:40]!r} ({type(bare).__name__}), which {error}")
        return made


def _ready(function: OnDemandFunction) -> Ready:
    one, types = function.transformation, function.types
    takes = dict.fromkeys(one.columns)
    return Ready(
        transformer=Transformer([one], [Feature(name, types[name]) for name in takes], {}),
        stored={name: as_stored(types[name]) for name in (*takes, *function.gives)},
        takes={name: function.prefix + name for name in takes},
        gives={name: function.prefix + name for name in function.gives},
        dtypes={name: _DTYPES.get(types[name], "object") for name in takes} if one.function.mode == "pandas" else None,
    )


def computed(ready: Sequence[Ready], columns: Columns, count: int) -> Computed:
    """The features of so many rows, of columns that have every argument; what fails is said in what is returned."""
    found = Computed(columns={}, wrong={})
    for one in ready:
        one.add(columns, count, found)
    return found


def as_list(values: Any) -> list[Any]:
    """The values of a column of a slice."""
    return values if isinstance(values, list) else list(values.to_pylist())
