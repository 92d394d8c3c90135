"""What each built-in transformation function computes, given the statistics of the training data.

Numbers pass as doubles; what is missing (null, NaN) stays so unless the function is there to fill it. A column that had
one value only is divided by 1, as scikit-learn does. Values outside of what the training data had are treated like
those at its edge by the binners and ranks, and like any other by the scalers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace._feature_values import numbers, plain_values, whole_numbers
from headrace._training_statistics import FeatureStatistics
from headrace._transformation_errors import no_statistic, too_many_categories


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a built-in function reads: the column's statistics, and what was said to it."""

    function: str
    column: str
    statistics: FeatureStatistics | None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def known(self, name: str) -> Any:
        """A statistic; raises Invalid where there is none."""
        found = getattr(self.statistics, name, None)
        if found is None or found == ():
            raise no_statistic(self.function, self.column, name)
        return found

    def quantiles(self, ranks: Any) -> Any:
        """The values at those ranks (from 0 to 1), between percentiles in a straight line."""
        import numpy as np  # noqa: PLC0415 - only on demand

        percentiles = self.known("percentiles")
        return np.interp(ranks, np.linspace(0, 1, len(percentiles)), percentiles)

    def counted(self) -> list[tuple[Any, int]]:
        """The values that are kept, the most frequent first, and how often they were; raises Invalid."""
        statistics = self.statistics
        if statistics is None or statistics.categories is None:
            raise no_statistic(self.function, self.column, "categories")
        if not statistics.categories and not statistics.all_categories:
            raise too_many_categories(self.function, self.column)
        return sorted(statistics.categories, key=lambda one: (-one[1], one[0]))

    def categories(self) -> list[Any]:
        """The values that the training data had, in order; raises Invalid where not all are kept."""
        found = self.counted()
        if self.statistics is None or not self.statistics.all_categories:
            raise too_many_categories(self.function, self.column)
        return sorted(value for value, _ in found)


Compute = Callable[[Any, Wanted], list[Any]]
"""A column, and what is wanted → columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """A function; `returns` is the type of what comes out, None the feature's own. `numbered` ones return several."""

    compute: Compute
    returns: str | None
    numbered: bool = False
    learns: bool = True


def _spread(width: float) -> float:
    return width or 1.0


def _scaled(formula: Callable[[Any, Wanted], Any]) -> Compute:
    """A function of an array of doubles, which asks for no statistics where there are no values."""

    def compute(column: Any, wanted: Wanted) -> list[Any]:
        import numpy as np  # noqa: PLC0415 - only on demand

        values = numbers(column)
        if np.isnan(values).all():
            return [values]
        with np.errstate(all="ignore"):
            return [formula(values, wanted)]

    return compute


def _min_max(values: Any, wanted: Wanted) -> Any:
    least, most = wanted.known("min"), wanted.known("max")
    return (values - least) / _spread(most - least)


def _standard(values: Any, wanted: Wanted) -> Any:
    one_value = wanted.known("min") == wanted.known("max")
    return (values - wanted.known("mean")) / (1.0 if one_value else _spread(wanted.known("std")))


def _robust(values: Any, wanted: Wanted) -> Any:
    lower, middle, upper = wanted.quantiles([0.25, 0.5, 0.75])
    return (values - middle) / _spread(upper - lower)


def _log(values: Any, _: Wanted) -> Any:
    import numpy as np  # noqa: PLC0415 - only on demand

    return np.log(np.where(values > 0, values, np.nan))


def _binned(edges: Callable[[Wanted], Any]) -> Compute:
    """The number, from 0, of the bin (left edge, right edge] that a value is in; the outer bins have no outer edge."""

    def formula(values: Any, wanted: Wanted) -> Any:
        import numpy as np  # noqa: PLC0415 - only on demand

        inner = np.unique(edges(wanted))[1:-1]
        return np.where(np.isnan(values), np.nan, np.searchsorted(inner, values, side="left"))

    def compute(column: Any, wanted: Wanted) -> list[Any]:
        return [whole_numbers(_scaled(formula)(column, wanted)[0])]

    return compute


def _equal_width(wanted: Wanted) -> Any:
    import numpy as np  # noqa: PLC0415 - only on demand

    return np.linspace(wanted.known("min"), wanted.known("max"), int(wanted.parameters.get("bins", 10)) + 1)


def _equal_frequency(default: int) -> Callable[[Wanted], Any]:
    def edges(wanted: Wanted) -> Any:
        import numpy as np  # noqa: PLC0415 - only on demand

        return wanted.quantiles(np.linspace(0, 1, int(wanted.parameters.get("bins", default)) + 1))

    return edges


def _quantile(values: Any, wanted: Wanted) -> Any:
    """The rank in the training data; of a value that several percentiles have, the middle of theirs."""
    import numpy as np  # noqa: PLC0415 - only on demand

    percentiles = np.asarray(wanted.known("percentiles"))
    ranks = np.linspace(0, 1, len(percentiles))
    highest = np.interp(values, percentiles, ranks)
    lowest = -np.interp(-values, -percentiles[::-1], -ranks[::-1])
    return (highest + lowest) / 2


def _rank(values: Any, wanted: Wanted) -> Any:
    import numpy as np  # noqa: PLC0415 - only on demand

    percentiles = np.asarray(wanted.known("percentiles"))
    reached = np.searchsorted(percentiles, values, side="right") / len(percentiles)
    return np.where(np.isnan(values), np.nan, reached)


def _winsorize(values: Any, wanted: Wanted) -> Any:
    import numpy as np  # noqa: PLC0415 - only on demand

    lower, upper = wanted.quantiles([wanted.parameters.get("lower", 0.01), wanted.parameters.get("upper", 0.99)])
    return np.clip(values, lower, upper)


def _label(column: Any, wanted: Wanted) -> list[Any]:
    codes = {value: code for code, value in enumerate(wanted.categories())}
    return [[codes.get(value, -1) for value in plain_values(column)]]


def _one_hot(column: Any, wanted: Wanted) -> list[Any]:
    values = plain_values(column)
    return [[value is not None and value == category for value in values] for category in wanted.categories()]


def _top_k(column: Any, wanted: Wanted) -> list[Any]:
    values = plain_values(column)
    if all(value is None for value in values):
        return [values]
    kept = {value for value, _ in wanted.counted()[: int(wanted.parameters.get("k", 10))]}
    return [[value if value is None or value in kept else "Other" for value in values]]


def _filled(fill: Callable[[Wanted], Any]) -> Compute:
    """What is missing becomes what `fill` says, which is asked only where something is."""

    def compute(column: Any, wanted: Wanted) -> list[Any]:
        values = plain_values(column)
        if any(value is None for value in values):
            constant = fill(wanted)
            values = [constant if value is None else value for value in values]
        return [values]

    return compute


def _filled_number(fill: Callable[[Wanted], float]) -> Compute:
    def compute(column: Any, wanted: Wanted) -> list[Any]:
        import numpy as np  # noqa: PLC0415 - only on demand

        values = numbers(column)
        absent = np.isnan(values)
        return [np.where(absent, fill(wanted), values) if absent.any() else values]

    return compute


def _mode(wanted: Wanted) -> Any:
    """The most frequent value; of several the least."""
    counted = wanted.counted()
    if not counted:
        raise no_statistic(wanted.function, wanted.column, "categories")
    return counted[0][0]


BUILT_IN: Mapping[str, BuiltIn] = {
    "min_max_scaler": BuiltIn(compute=_scaled(_min_max), returns="double"),
    "standard_scaler": BuiltIn(compute=_scaled(_standard), returns="double"),
    "robust_scaler": BuiltIn(compute=_scaled(_robust), returns="double"),
    "log_transform": BuiltIn(compute=_scaled(_log), returns="double", learns=False),
    "equal_width_binner": BuiltIn(compute=_binned(_equal_width), returns="bigint"),
    "equal_frequency_binner": BuiltIn(compute=_binned(_equal_frequency(10)), returns="bigint"),
    "quantile_binner": BuiltIn(compute=_binned(_equal_frequency(4)), returns="bigint"),
    "quantile_transformer": BuiltIn(compute=_scaled(_quantile), returns="double"),
    "rank_normalizer": BuiltIn(compute=_scaled(_rank), returns="double"),
    "winsorize": BuiltIn(compute=_scaled(_winsorize), returns="double"),
    "label_encoder": BuiltIn(compute=_label, returns="bigint"),
    "one_hot_encoder": BuiltIn(compute=_one_hot, returns="boolean", numbered=True),
    "top_k_categorical_binner": BuiltIn(compute=_top_k, returns="string"),
    "impute_mean": BuiltIn(compute=_filled_number(lambda wanted: wanted.known("mean")), returns="double"),
    "impute_median": BuiltIn(compute=_filled_number(lambda wanted: wanted.quantiles(0.5)), returns="double"),
    "impute_mode": BuiltIn(compute=_filled(_mode), returns=None),
    "impute_constant": BuiltIn(compute=_filled(lambda wanted: wanted.parameters["value"]), returns=None, learns=False),
    "impute_category": BuiltIn(
        compute=_filled(lambda wanted: wanted.parameters.get("value", "missing")), returns="string", learns=False
    ),
}
"""Name → the function."""
