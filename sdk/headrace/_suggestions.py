"""Expectations suggested from data: what holds of all that was seen, to be read and loosened before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace._group_statistics import Statistics
from headrace._training_statistics import FeatureStatistics
from headrace._validation import Expectation, ExpectationSuite, columns_of

MOST_IN_A_SET = 20
FEWEST_OF_EACH = 10
"""So many times as many rows as there are values, for these to be taken for all there are."""


def suggested(data: Any, name: str = "suggested") -> ExpectationSuite:
    """A suite that the data meets: a frame, or the statistics of a feature group.

    Columns without nulls stay so, numbers stay within what was seen; of a frame, columns of few texts have no others,
    and those whose values are all different stay so.
    """
    found = _from_statistics(data) if isinstance(data, Statistics) else _from_frame(data)
    return ExpectationSuite(expectation_suite_name=name, expectations=tuple(found))


def _from_statistics(counted: Statistics) -> list[Expectation]:
    return [one for feature in counted.features.values() for one in _of_counts(feature)]


def _of_counts(feature: FeatureStatistics) -> list[Expectation]:
    found = [_not_null(feature.name)] if feature.count and not feature.nulls else []
    if isinstance(feature.min, int | float) and isinstance(feature.max, int | float):
        found.append(_between(feature.name, feature.min, feature.max))
    return found


def _from_frame(frame: Any) -> list[Expectation]:
    return [one for name, values in columns_of(frame).items() for one in _of_values(name, values)]


def _of_values(name: str, values: Any) -> list[Expectation]:
    import pyarrow as pa  # noqa: PLC0415 - only validation needs it
    import pyarrow.compute as pc  # noqa: PLC0415

    there = values.drop_null()
    found = [_not_null(name)] if len(values) and not values.null_count else []
    if not len(there) or pa.types.is_nested(values.type):
        return found
    textual = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    distinct = there.unique() if textual or pa.types.is_integer(values.type) else None
    if distinct is not None and len(there) > 1 and len(distinct) == len(there):
        found.append(_expect("values_to_be_unique", column=name))
    elif textual and distinct is not None and _are_all(len(distinct), len(there)):
        found.append(_expect("values_to_be_in_set", column=name, value_set=sorted(distinct.to_pylist())))
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        ends: Mapping[str, Any] = pc.min_max(there).as_py()
        found.append(_between(name, ends["min"], ends["max"]))
    return found


def _are_all(distinct: int, rows: int) -> bool:
    return distinct <= MOST_IN_A_SET and distinct * FEWEST_OF_EACH <= rows


def _not_null(name: str) -> Expectation:
    return _expect("values_to_not_be_null", column=name)


def _between(name: str, least: float, most: float) -> Expectation:
    return _expect("values_to_be_between", column=name, min_value=least, max_value=most)


def _expect(what: str, **kwargs: Any) -> Expectation:
    return Expectation(expectation_type=f"expect_column_{what}", kwargs=kwargs)
