"""The transformation functions that everybody has: which features they take, and what may be said to them."""

import math
from collections.abc import Mapping

from headrace_events.language import value

NUMBERS = frozenset({"int", "bigint", "float", "double", "decimal"})
CATEGORIES = frozenset({"boolean", "int", "bigint", "string"})
PLAIN = NUMBERS | CATEGORIES
TEXTS = frozenset({"string"})

LONGEST_TEXT = 200
"""Characters of a text that stands for what is missing."""


@value
class Bounds:
    """A number from `least` to `most`."""

    least: float
    most: float
    whole: bool = False

    def why_not(self, given: object) -> str | None:
        """What is wrong with what is given; None where nothing is."""
        if isinstance(given, bool) or not isinstance(given, int if self.whole else int | float):
            return f"is a {'whole ' if self.whole else ''}number"
        return None if self.least <= given <= self.most else f"is {self.least:g} to {self.most:g}"


@value
class Constant:
    """What stands for what is missing: of the feature's type."""

    def why_not(self, given: object) -> str | None:
        """What is wrong with what is given; None where nothing is."""
        match given:
            case bool() | int():
                return None
            case float() if math.isfinite(given):
                return None
            case str() if len(given) <= LONGEST_TEXT:
                return None
        return f"is a boolean, a finite number, or a text of at most {LONGEST_TEXT} characters"


@value
class BuiltIn:
    """A function of one feature, of one of these types; `parameters` may be given by name."""

    takes: frozenset[str]
    parameters: Mapping[str, Bounds | Constant]


def _built_in(takes: frozenset[str], **parameters: Bounds | Constant) -> BuiltIn:
    return BuiltIn(takes=takes, parameters=parameters)


_BINS = Bounds(least=2, most=1_000, whole=True)
_RANK = Bounds(least=0, most=1)

BUILT_IN: Mapping[str, BuiltIn] = {
    "min_max_scaler": _built_in(NUMBERS),
    "standard_scaler": _built_in(NUMBERS),
    "robust_scaler": _built_in(NUMBERS),
    "log_transform": _built_in(NUMBERS),
    "equal_width_binner": _built_in(NUMBERS, bins=_BINS),
    "equal_frequency_binner": _built_in(NUMBERS, bins=_BINS),
    "quantile_binner": _built_in(NUMBERS),
    "quantile_transformer": _built_in(NUMBERS),
    "rank_normalizer": _built_in(NUMBERS),
    "winsorize": _built_in(NUMBERS, lower=_RANK, upper=_RANK),
    "label_encoder": _built_in(CATEGORIES),
    "one_hot_encoder": _built_in(CATEGORIES),
    "top_k_categorical_binner": _built_in(TEXTS, k=Bounds(least=1, most=1_000, whole=True)),
    "impute_mean": _built_in(NUMBERS),
    "impute_median": _built_in(NUMBERS),
    "impute_mode": _built_in(CATEGORIES),
    "impute_constant": _built_in(PLAIN, value=Constant()),
    "impute_category": _built_in(TEXTS, value=Constant()),
}
"""Name → the function."""
