"""The search space of a study: which hyper-parameters a trial may be given, each a dimension with its values."""

import json
import math
from typing import Any

from headrace_events.errors import Invalid
from headrace_events.language import value


@value
class Dimension:
    """One hyper-parameter. `kind` is double or integer (two bounds) or discrete or categorical (JSON values)."""

    name: str
    kind: str
    values: tuple[str, ...]

    def parsed(self) -> tuple[Any, ...]:
        """The values as JSON says them; raises Invalid for what is not JSON (NaN and infinity are not), or too deep."""
        try:
            return tuple(json.loads(text, parse_constant=_no_constant) for text in self.values)
        except (ValueError, RecursionError):
            raise Invalid(
                "invalid-dimension",
                f"the values of {self.name!r} are not all JSON: {', '.join(self.values)[:200]}",
                {"dimension": self.name},
            ) from None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def must_be_searchable(space: tuple[Dimension, ...]) -> None:
    """Check that a value can be drawn in every dimension, under a name of its own; raises Invalid."""
    for dimension in space:
        name, values = dimension.name, dimension.parsed()
        if not name.isidentifier():
            raise Invalid("invalid-dimension", f"{name!r} cannot be the name of an argument", {"dimension": name})
        if dimension.kind not in {"double", "integer", "discrete", "categorical"}:
            raise Invalid("invalid-dimension", f"{name!r} is of unknown kind {dimension.kind!r}")
        if not values:
            raise Invalid("invalid-dimension", f"{name!r} has no values")
        if dimension.kind != "categorical" and not all(_is_number(number) for number in values):
            raise Invalid("invalid-dimension", f"{name!r} of kind {dimension.kind} takes finite numbers")
        if dimension.kind in {"double", "integer"} and (len(values) != 2 or values[0] > values[1]):
            raise Invalid("invalid-dimension", f"{name!r} needs two bounds, the lower one first")
        if dimension.kind == "integer" and not all(isinstance(number, int) for number in values):
            raise Invalid("invalid-dimension", f"the bounds of {name!r} are whole numbers")
    if len({dimension.name for dimension in space}) != len(space):
        raise Invalid("invalid-dimension", "two dimensions have one name")


def _is_number(number: object) -> bool:
    if isinstance(number, int):
        return not isinstance(number, bool) and abs(number) < 2**63
    return isinstance(number, float) and math.isfinite(number)
