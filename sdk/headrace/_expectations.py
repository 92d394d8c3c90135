"""Expectations of columns, evaluated: what Great Expectations' JSON asks for, in Arrow.

An expectation of values counts those that are not as expected, nulls left aside; with `mostly` it holds where that
share of the values is. One of a measure holds where what is observed lies in its bounds. Dates and times are compared
with ISO 8601. Source of names and of what results hold: docs.greatexpectations.io, "Result format".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

MOST_UNEXPECTED = 10
LONGEST_VALUE = 100

Columns = Mapping[str, Any]
"""Name → Arrow array, all of one length."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether an expectation holds, and GE's `result`."""

    success: bool
    result: Mapping[str, Any]


def evaluate(kind: str, kwargs: Mapping[str, Any], columns: Columns, rows: int) -> Outcome:
    """Compare the columns with the expectation; raises KeyError for one that is not there, or what Arrow raises."""
    if kind == "expect_column_to_exist":
        return Outcome(kwargs["column"] in columns, {})
    if kind in _OF_TABLES:
        return _measured(_OF_TABLES[kind](kwargs), rows)
    if kind in _MEASURES:
        observed = _MEASURES[kind](columns[kwargs["column"]].drop_null())
        return _measured(lambda seen: _within(seen, kwargs), observed)
    if kind in _OF_NULLS:
        column = columns[kwargs["column"]]
        nulls = column.is_null()
        return _mapped(column, nulls if _OF_NULLS[kind] else _not(nulls), kwargs, missing=0)
    if kind == "expect_column_values_to_be_of_type":
        found = str(columns[kwargs["column"]].type)
        return Outcome(kwargs["type_"] in _names_of(found), {"observed_value": found})
    if kind == "expect_column_distinct_values_to_be_in_set":
        values = columns[kwargs["column"]].drop_null().unique()
        strange = values.filter(_not(_in_set(values, kwargs["value_set"])))
        return Outcome(not len(strange), {"observed_value": _shown(values), "partial_unexpected_list": _shown(strange)})
    if kind in _PAIRS:
        return _of_pairs(kind, kwargs, columns)
    if kind == "expect_compound_columns_to_be_unique":
        return _of_compounds(kwargs, columns, rows)
    column = columns[kwargs["column"]]
    values = column.drop_null()
    return _mapped(values, _UNEXPECTED[kind](values, kwargs), kwargs, missing=len(column) - len(values))


def _mapped(values: Any, unexpected: Any, kwargs: Mapping[str, Any], *, missing: int) -> Outcome:
    """The outcome of an expectation of each value; `values` are those that are there, `unexpected` says which ones."""
    there, total = len(values), len(values) + missing
    wrong = values.filter(unexpected)
    count = len(wrong)
    share = 1 - count / there if there else 1.0
    return Outcome(
        share >= kwargs.get("mostly", 1.0),
        {
            "element_count": total,
            "missing_count": missing,
            "missing_percent": _percent(missing, total),
            "unexpected_count": count,
            "unexpected_percent": _percent(count, there),
            "unexpected_percent_total": _percent(count, total),
            "unexpected_percent_nonmissing": _percent(count, there),
            "partial_unexpected_list": _shown(wrong),
        },
    )


def _measured(holds: Callable[[Any], bool], observed: Any) -> Outcome:
    return Outcome(observed is not None and holds(observed), {"observed_value": _plain(observed)})


def _of_pairs(kind: str, kwargs: Mapping[str, Any], columns: Columns) -> Outcome:
    import pyarrow as pa  # noqa: PLC0415 - only validation needs it
    import pyarrow.compute as pc  # noqa: PLC0415

    one, other = columns[kwargs["column_A"]], columns[kwargs["column_B"]]
    both = pc.and_(one.is_valid(), other.is_valid())
    left, right = one.filter(both), other.filter(both)
    compare = pc.equal if kind.endswith("equal") else pc.greater_equal if kwargs.get("or_equal") else pc.greater
    pairs = pa.StructArray.from_arrays(
        [left, right], [kwargs["column_A"], "other" if one is other else kwargs["column_B"]]
    )
    return _mapped(pairs, _not(compare(left, right)), kwargs, missing=len(one) - len(left))


def _of_compounds(kwargs: Mapping[str, Any], columns: Columns, rows: int) -> Outcome:
    import pyarrow as pa  # noqa: PLC0415 - only validation needs it
    import pyarrow.compute as pc  # noqa: PLC0415

    names = list(dict.fromkeys(kwargs["column_list"]))
    table = pa.table({name: columns[name] for name in names})
    counted = table.group_by(names).aggregate([([], "count_all")])
    often = counted.filter(pc.greater(counted.column("count_all"), 1)).select(names)
    unexpected = rows - counted.num_rows + often.num_rows
    share = 1 - unexpected / rows if rows else 1.0
    return Outcome(
        share >= kwargs.get("mostly", 1.0),
        {
            "element_count": rows,
            "unexpected_count": unexpected,
            "unexpected_percent": _percent(unexpected, rows),
            "partial_unexpected_list": [_plain(row) for row in often.slice(0, MOST_UNEXPECTED).to_pylist()],
        },
    )


def _not(mask: Any) -> Any:
    import pyarrow.compute as pc  # noqa: PLC0415 - only validation needs it

    return pc.invert(mask)


def _not_unique(values: Any, _: Mapping[str, Any]) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - only validation needs it
    import pyarrow.compute as pc  # noqa: PLC0415

    counted = values.value_counts()
    often = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
    return pc.is_in(values, value_set=often) if len(often) else pa.array([False] * len(values), pa.bool_())


def _outside(values: Any, kwargs: Mapping[str, Any]) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - only validation needs it
    import pyarrow.compute as pc  # noqa: PLC0415

    inside = pa.array([True] * len(values), pa.bool_())
    if (least := kwargs.get("min_value")) is not None:
        compare = pc.greater if kwargs.get("strict_min") else pc.greater_equal
        inside = pc.and_(inside, compare(values, _scalar(least, values.type)))
    if (most := kwargs.get("max_value")) is not None:
        compare = pc.less if kwargs.get("strict_max") else pc.less_equal
        inside = pc.and_(inside, compare(values, _scalar(most, values.type)))
    return _not(inside)


def _lengths_outside(values: Any, kwargs: Mapping[str, Any]) -> Any:
    import pyarrow.compute as pc  # noqa: PLC0415 - only validation needs it

    return _outside(pc.utf8_length(values), kwargs)


def _in_set(values: Any, wanted: list[Any]) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - only validation needs it
    import pyarrow.compute as pc  # noqa: PLC0415

    fitting = [found for one in wanted if (found := _fitting(one, values.type)) is not None]
    return pc.is_in(values, value_set=pa.array(fitting, values.type))


def _matches(values: Any, kwargs: Mapping[str, Any]) -> Any:
    """Which texts match the pattern at their beginning, as re.match says."""
    import pyarrow as pa  # noqa: PLC0415 - only validation needs it

    pattern = re.compile(kwargs["regex"])
    each = values.dictionary_encode()
    found = pa.array([pattern.match(str(text)) is not None for text in each.dictionary.to_pylist()], pa.bool_())
    return found.take(each.indices)


_UNEXPECTED: Mapping[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "expect_column_values_to_be_unique": _not_unique,
    "expect_column_values_to_be_between": _outside,
    "expect_column_value_lengths_to_be_between": _lengths_outside,
    "expect_column_values_to_be_in_set": lambda values, kwargs: _not(_in_set(values, kwargs["value_set"])),
    "expect_column_values_to_not_be_in_set": lambda values, kwargs: _in_set(values, kwargs["value_set"]),
    "expect_column_values_to_match_regex": lambda values, kwargs: _not(_matches(values, kwargs)),
    "expect_column_values_to_not_match_regex": _matches,
}
"""Kind → which values, none of them null, are not as expected."""


def _measure(name: str) -> Callable[[Any], Any]:
    def measure(values: Any) -> Any:
        import pyarrow.compute as pc  # noqa: PLC0415 - only validation needs it

        match name:
            case "stdev":
                return pc.stddev(values, ddof=1).as_py() if len(values) > 1 else None
            case "median":
                return pc.quantile(values, 0.5)[0].as_py() if len(values) else None
            case "unique":
                return len(values.unique())
            case "proportion":
                return len(values.unique()) / len(values) if len(values) else None
            case _:
                return getattr(pc, name)(values).as_py()

    return measure


_MEASURES: Mapping[str, Callable[[Any], Any]] = {
    "expect_column_min_to_be_between": _measure("min"),
    "expect_column_max_to_be_between": _measure("max"),
    "expect_column_mean_to_be_between": _measure("mean"),
    "expect_column_sum_to_be_between": _measure("sum"),
    "expect_column_median_to_be_between": _measure("median"),
    "expect_column_stdev_to_be_between": _measure("stdev"),
    "expect_column_unique_value_count_to_be_between": _measure("unique"),
    "expect_column_proportion_of_unique_values_to_be_between": _measure("proportion"),
}
_OF_NULLS = {"expect_column_values_to_not_be_null": True, "expect_column_values_to_be_null": False}
"""Kind → whether nulls are what is not expected."""
_PAIRS = frozenset({"expect_column_pair_values_to_be_equal", "expect_column_pair_values_a_to_be_greater_than_b"})
_OF_TABLES: Mapping[str, Callable[[Mapping[str, Any]], Callable[[Any], bool]]] = {
    "expect_table_row_count_to_be_between": lambda kwargs: lambda rows: _within(rows, kwargs),
    "expect_table_row_count_to_equal": lambda kwargs: lambda rows: bool(rows == kwargs["value"]),
}
KINDS = frozenset(
    {
        *_UNEXPECTED,
        *_MEASURES,
        *_OF_NULLS,
        *_PAIRS,
        *_OF_TABLES,
        "expect_column_to_exist",
        "expect_column_values_to_be_of_type",
        "expect_column_distinct_values_to_be_in_set",
        "expect_compound_columns_to_be_unique",
    }
)
"""Every expectation that is known."""


def _within(seen: Any, kwargs: Mapping[str, Any]) -> bool:
    least, most = (_like(kwargs.get(name), seen) for name in ("min_value", "max_value"))
    low = least is None or (seen > least if kwargs.get("strict_min") else seen >= least)
    high = most is None or (seen < most if kwargs.get("strict_max") else seen <= most)
    return bool(low and high)


def _like(bound: Any, seen: Any) -> Any:
    if isinstance(bound, str) and isinstance(seen, datetime | date):
        return _moment(bound, seen)
    return Decimal(str(bound)) if isinstance(seen, Decimal) and bound is not None else bound


def _moment(text: str, like: datetime | date) -> datetime | date:
    moment = datetime.fromisoformat(text)
    if not isinstance(like, datetime):
        return moment.date()
    if like.tzinfo is None:
        return moment.replace(tzinfo=None)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=like.tzinfo)


def _scalar(bound: Any, kind: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - only validation needs it

    if isinstance(bound, str) and pa.types.is_temporal(kind):
        epoch = pa.scalar(0, pa.int64() if not pa.types.is_date32(kind) else pa.int32()).cast(kind).as_py()
        return pa.scalar(_moment(bound, epoch), kind)
    return pa.scalar(Decimal(str(bound))) if pa.types.is_decimal(kind) else pa.scalar(bound)


def _fitting(value: Any, kind: Any) -> Any:
    """The value of a set as one of the column's type; None for one that no value of the column can be."""
    import pyarrow as pa  # noqa: PLC0415 - only validation needs it

    if isinstance(value, str) and pa.types.is_temporal(kind):
        return _scalar(value, kind).as_py()
    try:
        found = pa.scalar(value).cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    textual = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return found.as_py() if isinstance(value, str) == textual else None


def _names_of(arrow: str) -> frozenset[str]:
    """What a column of that Arrow type may be said to be: as here, as Arrow, as pandas, or as Python says."""
    names = {
        "bool": {"boolean", "bool", "BooleanType"},
        "int32": {"int", "int32", "IntegerType"},
        "int64": {"bigint", "int64", "int", "LongType"},
        "float": {"float", "float32", "FloatType"},
        "double": {"double", "float64", "float", "DoubleType"},
        "string": {"string", "str", "object", "StringType"},
        "large_string": {"string", "str", "object", "StringType"},
        "binary": {"binary", "bytes"},
        "date32[day]": {"date", "DateType"},
    }.get(arrow, {"timestamp", "datetime64[ns]", "TimestampType"} if arrow.startswith("timestamp") else set())
    return frozenset({*names, arrow})


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _shown(values: Any) -> list[Any]:
    return [_plain(value) for value in values.slice(0, MOST_UNEXPECTED).to_pylist()]


def _plain(value: Any) -> Any:
    """The value as JSON has it, long texts cut."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if abs(value) < float("inf") else str(value)
        case str():
            return value[:LONGEST_VALUE]
        case dict():
            return [_plain(one) for one in value.values()]
        case _:
            return str(value)[:LONGEST_VALUE]
