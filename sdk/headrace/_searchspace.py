"""The hyper-parameters of a study: `Searchspace(depth=("INTEGER", [2, 8]), kind=("CATEGORICAL", ["gini", "log"]))`."""

from __future__ import annotations

import json
import keyword
import math
import random
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from headrace._errors import Invalid

KINDS = ("DOUBLE", "INTEGER", "DISCRETE", "CATEGORICAL")
"""Two bounds, both inclusive; the others list their values (DISCRETE: numbers, CATEGORICAL: anything JSON)."""

Dimension = tuple[str, list[Any]]


class Searchspace:
    """Names of hyper-parameters, each with its kind and values; a name is also an attribute."""

    def __init__(self, **dimensions: tuple[str, list[Any]]) -> None:
        self._dimensions: dict[str, Dimension] = {}
        for name, (kind, values) in dimensions.items():
            self.add(name, (kind, values))

    def add(self, name: str, value: tuple[str, list[Any]]) -> None:
        """Add a hyper-parameter; raises Invalid where it cannot be one."""
        kind, values = value[0].upper(), list(value[1])
        if not name.isidentifier() or keyword.iskeyword(name) or hasattr(type(self), name) or name.startswith("_"):
            raise Invalid(f"{name!r} cannot name a hyper-parameter: it is reserved, or no identifier", code="bad-name")
        if name in self._dimensions:
            raise Invalid(f"hyper-parameter {name!r} is there already", code="bad-name")
        if kind not in KINDS:
            raise Invalid(f"{name!r} is of kind {value[0]!r}; there are {', '.join(KINDS)}", code="bad-kind")
        _check(name, kind, values)
        self._dimensions[name] = (kind, values)

    def __getattr__(self, name: str) -> list[Any]:
        dimensions = self.__dict__.get("_dimensions", {})
        if name in dimensions:
            return list(dimensions[name][1])
        raise AttributeError(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The values of a hyper-parameter."""
        return list(self._dimensions[name][1]) if name in self._dimensions else default

    def names(self) -> dict[str, str]:
        """Name → kind."""
        return {name: kind for name, (kind, _) in self._dimensions.items()}

    def to_dict(self) -> dict[str, Dimension]:
        """Name → (kind, values)."""
        return {name: (kind, list(values)) for name, (kind, values) in self._dimensions.items()}

    def keys(self) -> KeysView[str]:
        """The names, in the order they were added."""
        return self._dimensions.keys()

    def values(self) -> ValuesView[Dimension]:
        """Kinds and values, in that order."""
        return self._dimensions.values()

    def items(self) -> ItemsView[str, Dimension]:
        """Both."""
        return self._dimensions.items()

    def __iter__(self) -> Iterator[str]:
        return iter(self._dimensions)

    def __len__(self) -> int:
        return len(self._dimensions)

    def __repr__(self) -> str:
        return f"Searchspace({', '.join(f'{name}={value!r}' for name, value in self._dimensions.items())})"

    def get_random_parameter_values(self, num: int, seed: int | None = None) -> list[dict[str, Any]]:
        """So many combinations, to try a training function by hand; a study draws its own, from its seed."""
        chance = random.Random(seed)  # noqa: S311 - parameters are no secret
        return [
            {name: _random(chance, kind, values) for name, (kind, values) in self._dimensions.items()}
            for _ in range(num)
        ]

    def as_body(self) -> list[dict[str, Any]]:
        """As the API takes it."""
        return [
            {"name": name, "kind": kind.lower(), "values": [json.dumps(value) for value in values]}
            for name, (kind, values) in self._dimensions.items()
        ]

    @classmethod
    def of(cls, given: Searchspace | Mapping[str, tuple[str, list[Any]]]) -> Searchspace:
        """Itself, or one made of a mapping."""
        return given if isinstance(given, Searchspace) else cls(**given)


def _check(name: str, kind: str, values: list[Any]) -> None:
    if not values:
        raise Invalid(f"hyper-parameter {name!r} has no values", code="bad-values")
    if kind == "CATEGORICAL":
        try:
            json.dumps(values, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise Invalid(f"the values of {name!r} are not all JSON: {error}", code="bad-values") from None
        return
    whole = kind == "INTEGER"
    wanted = int if whole else (int, float)
    if not all(isinstance(value, wanted) and not isinstance(value, bool) and math.isfinite(value) for value in values):
        raise Invalid(f"{name!r} takes {'whole' if whole else 'finite'} numbers", code="bad-values")
    if kind != "DISCRETE" and (len(values) != 2 or values[0] > values[1]):
        raise Invalid(f"{name!r} needs two bounds, the lower one first", code="bad-values")


def _random(chance: random.Random, kind: str, values: list[Any]) -> Any:
    match kind:
        case "DOUBLE":
            return chance.uniform(values[0], values[1])
        case "INTEGER":
            return chance.randint(values[0], values[1])
        case _:
            return chance.choice(values)
