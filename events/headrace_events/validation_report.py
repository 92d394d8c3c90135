"""Reports of validations in the shape of Great Expectations' results, kept small, with no more values than help."""

import json
from collections.abc import Mapping
from typing import Any

from headrace_events.errors import Invalid
from headrace_events.expectation import MOST_EXPECTATIONS, object_of

MOST_CHARACTERS = 250_000
MOST_UNEXPECTED = 10
LONGEST_VALUE = 100

_ALWAYS_KEPT = frozenset({"success", "statistics"})
_OF_COUNTS = frozenset(
    {
        "element_count",
        "missing_count",
        "missing_percent",
        "unexpected_count",
        "unexpected_percent",
        "unexpected_percent_total",
        "unexpected_percent_nonmissing",
    }
)
_COUNTS = ("evaluated_expectations", "successful_expectations", "unsuccessful_expectations")


def checked_report(text: str, *, values: bool) -> tuple[bool, int, int, str]:
    """Success, how many were evaluated and how many held, and the report as it is kept. Raises Invalid.

    Of what was unexpected ten values are kept, the first hundred characters of texts; without `values` (the project is
    sensitive) none, nor what was observed.
    """
    report = object_of(text, MOST_CHARACTERS, "a validation report")
    success, results, statistics = report.get("success"), report.get("results"), report.get("statistics")
    if not isinstance(success, bool) or not isinstance(results, list) or not isinstance(statistics, dict):
        raise _invalid("it has `success`, `statistics` and `results`")
    if len(results) > MOST_EXPECTATIONS or not all(isinstance(one, dict) for one in results):
        raise _invalid(f"`results` are at most {MOST_EXPECTATIONS} objects")
    counts = [statistics.get(name) for name in _COUNTS]
    held = [one.get("success") for one in results]
    if counts != [len(held), held.count(True), held.count(False)] or success != all(held):
        raise _invalid("`success` and `statistics` are what `results` say")
    kept = {name: said for name, said in report.items() if values or name in _ALWAYS_KEPT}
    kept["results"] = [_kept(one) if values else _counts_of(one) for one in results]
    said = json.dumps(kept, separators=(",", ":"), ensure_ascii=False)
    return success, len(held), held.count(True), said


def _kept(result: Mapping[str, Any]) -> dict[str, Any]:
    found = result.get("result")
    if not isinstance(found, dict):
        return {**result, "result": {}}
    return {**result, "result": {name: _short(value) for name, value in found.items()}}


def _counts_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """Whether it held, what was expected, and the counts: nothing else that a client may have said."""
    found = result.get("result")
    counts = found.items() if isinstance(found, dict) else ()
    kept = {name: value for name, value in result.items() if name in {"success", "expectation_config"}}
    return {**kept, "result": {name: value for name, value in counts if name in _OF_COUNTS and _is_number(value)}}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _short(value: Any, lists: int = 2) -> Any:
    """The value as it is kept: texts cut, lists cut and no deeper than lists of pairs."""
    match value:
        case str():
            return value[:LONGEST_VALUE]
        case list():
            return [_short(one, lists - 1) for one in value[:MOST_UNEXPECTED]] if lists else None
        case dict():
            return None
        case _:
            return value


def _invalid(message: str) -> Invalid:
    return Invalid("invalid-report", f"a validation report is as Great Expectations writes it: {message}")
