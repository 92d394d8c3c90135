"""The expectations that are known, and what each is told: names and arguments as in Great Expectations' JSON.

Source: docs.greatexpectations.io, "Expectation suite" and the gallery of expectations. A suite there names the kind
`expectation_type`, newer ones `type`; both are taken, the first is kept.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace_events.errors import Invalid

MOST_EXPECTATIONS = 500
MOST_CHARACTERS = 100_000
LONGEST_PATTERN = 1_000

_MOSTLY = frozenset({"mostly"})
_BOUNDS = frozenset({"min_value", "max_value", "strict_min", "strict_max"})


@dataclass(frozen=True, slots=True)
class Arguments:
    """What an expectation must and may be told. `columns` are those that name one, or several."""

    columns: tuple[str, ...] = ("column",)
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    bounded: bool = False

    @property
    def known(self) -> frozenset[str]:
        """Every argument it takes."""
        return frozenset(self.columns) | self.required | self.optional | (_BOUNDS if self.bounded else frozenset())


_VALUES = Arguments(optional=_MOSTLY)
_SET = Arguments(required=frozenset({"value_set"}), optional=_MOSTLY)
_PATTERN = Arguments(required=frozenset({"regex"}), optional=_MOSTLY)
_MEASURE = Arguments(bounded=True)
_PAIR = Arguments(columns=("column_A", "column_B"), optional=_MOSTLY)

EXPECTATIONS: Mapping[str, Arguments] = {
    "expect_column_to_exist": Arguments(),
    "expect_column_values_to_not_be_null": _VALUES,
    "expect_column_values_to_be_null": _VALUES,
    "expect_column_values_to_be_unique": _VALUES,
    "expect_column_values_to_be_between": Arguments(optional=_MOSTLY, bounded=True),
    "expect_column_values_to_be_in_set": _SET,
    "expect_column_values_to_not_be_in_set": _SET,
    "expect_column_values_to_match_regex": _PATTERN,
    "expect_column_values_to_not_match_regex": _PATTERN,
    "expect_column_value_lengths_to_be_between": Arguments(optional=_MOSTLY, bounded=True),
    "expect_column_values_to_be_of_type": Arguments(required=frozenset({"type_"})),
    "expect_column_min_to_be_between": _MEASURE,
    "expect_column_max_to_be_between": _MEASURE,
    "expect_column_mean_to_be_between": _MEASURE,
    "expect_column_median_to_be_between": _MEASURE,
    "expect_column_stdev_to_be_between": _MEASURE,
    "expect_column_sum_to_be_between": _MEASURE,
    "expect_column_unique_value_count_to_be_between": _MEASURE,
    "expect_column_proportion_of_unique_values_to_be_between": _MEASURE,
    "expect_column_distinct_values_to_be_in_set": Arguments(required=frozenset({"value_set"})),
    "expect_column_pair_values_to_be_equal": _PAIR,
    "expect_column_pair_values_a_to_be_greater_than_b": Arguments(
        columns=("column_A", "column_B"), optional=_MOSTLY | {"or_equal"}
    ),
    "expect_compound_columns_to_be_unique": Arguments(columns=("column_list",), optional=_MOSTLY),
    "expect_table_row_count_to_be_between": Arguments(columns=(), bounded=True),
    "expect_table_row_count_to_equal": Arguments(columns=(), required=frozenset({"value"})),
}


def checked_suite(text: str, columns: frozenset[str]) -> str:
    """The suite as it is kept: each expectation known, told what it takes, of columns of the group. Raises Invalid.

    Each has `meta.expectationId`, a hash of what it says: the same expectation has the same one in every suite.
    """
    suite = object_of(text, MOST_CHARACTERS, "an expectation suite")
    listed = suite.get("expectations")
    if not isinstance(listed, list) or len(listed) > MOST_EXPECTATIONS:
        raise _invalid(f"a suite has a list of `expectations`, of at most {MOST_EXPECTATIONS}")
    name = suite.get("expectation_suite_name", suite.get("name"))
    if not isinstance(name, str) or not 1 <= len(name) <= 200:
        raise _invalid("a suite has an `expectation_suite_name` of 1 to 200 characters")
    meta = suite.get("meta")
    kept = {
        "expectation_suite_name": name,
        "expectations": [_checked(one, columns) for one in listed],
        "meta": meta if isinstance(meta, dict) else {},
    }
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)


def _checked(one: Any, columns: frozenset[str]) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise _invalid("an expectation is an object with `expectation_type` and `kwargs`")
    kind = one.get("expectation_type", one.get("type"))
    arguments = EXPECTATIONS.get(kind) if isinstance(kind, str) else None
    if arguments is None:
        raise Invalid(
            "unknown-expectation",
            f"{str(kind)[:120]!r} is none of the expectations known here: {', '.join(EXPECTATIONS)}",
            {"expectation": str(kind)[:120]},
        )
    kwargs = one.get("kwargs")
    if not isinstance(kwargs, dict):
        raise _invalid(f"{kind} needs `kwargs`, an object")
    kwargs = {name: value for name, value in kwargs.items() if value is not None and name not in _NEVER_KEPT}
    _check_arguments(str(kind), arguments, kwargs)
    for column in _columns(arguments, kwargs):
        if column not in columns:
            raise Invalid("unknown-column", f"{kind} names {column!r}, which is not a column", {"column": column[:200]})
    meta = one.get("meta")
    known = expectation_id(str(kind), kwargs)
    return {
        "expectation_type": kind,
        "kwargs": kwargs,
        "meta": {**(meta if isinstance(meta, dict) else {}), "expectationId": known},
    }


_NEVER_KEPT = frozenset({"result_format", "catch_exceptions", "include_config", "batch_id"})
"""Arguments of how a run over there tells its results."""


def _check_arguments(kind: str, arguments: Arguments, kwargs: Mapping[str, Any]) -> None:
    unknown = sorted(set(kwargs) - arguments.known)
    missing = sorted((set(arguments.columns) | arguments.required) - set(kwargs))
    if unknown:
        raise _invalid(f"{kind} takes {', '.join(sorted(arguments.known))}, not {unknown[0][:80]!r}")
    if missing:
        raise _invalid(f"{kind} needs {missing[0]!r}")
    if arguments.bounded and not {"min_value", "max_value"} & set(kwargs):
        raise _invalid(f"{kind} needs `min_value`, `max_value` or both")
    for name, value in kwargs.items():
        if not _fits(name, value):
            raise _invalid(f"{kind} cannot have {name} = {str(value)[:80]!r}")


def _fits(name: str, value: Any) -> bool:
    match name:
        case "column" | "column_A" | "column_B" | "type_":
            return isinstance(value, str)
        case "column_list":
            return isinstance(value, list) and len(value) > 1 and all(isinstance(one, str) for one in value)
        case "mostly":
            return _is_number(value) and 0 <= value <= 1
        case "strict_min" | "strict_max" | "or_equal":
            return isinstance(value, bool)
        case "min_value" | "max_value":
            return _is_number(value) or isinstance(value, str)
        case "value":
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case "value_set":
            return isinstance(value, list) and all(isinstance(one, bool | int | float | str) for one in value)
        case _:
            return _is_pattern(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_pattern(value: Any) -> bool:
    if not isinstance(value, str) or len(value) > LONGEST_PATTERN:
        return False
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _columns(arguments: Arguments, kwargs: Mapping[str, Any]) -> list[str]:
    named = [kwargs[name] for name in arguments.columns]
    return [column for one in named for column in (one if isinstance(one, list) else [one])]


def expectation_id(kind: str, kwargs: Mapping[str, Any]) -> str:
    """What the expectation is called in every suite and report: a hash of its kind and arguments."""
    said = json.dumps([kind, kwargs], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def object_of(text: str, most: int, what: str) -> dict[str, Any]:
    """The JSON object that the text is, which can be said as text again; raises Invalid."""
    if len(text) > most:
        raise Invalid("too-long", f"{what} has at most {most} characters, and this {len(text)}")
    try:
        found = json.loads(text, parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise _invalid(f"{what} is JSON: {error}") from None
    if not isinstance(found, dict):
        raise _invalid(f"{what} is an object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _invalid(message: str) -> Invalid:
    return Invalid("invalid-expectation", message)
