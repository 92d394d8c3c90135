"""Rows to predict, in the shape that the gateway takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from headrace._errors import Invalid
from headrace._splits import micros
from headrace._values import plain


def instances(inputs: Any) -> list[Any]:
    """A DataFrame, a dict, or a list of dicts or of lists, as a list of JSON rows; raises Invalid."""
    if hasattr(inputs, "to_dict") and hasattr(inputs, "columns"):
        inputs = inputs.to_dict("records")
    elif hasattr(inputs, "to_dicts"):
        inputs = inputs.to_dicts()
    if isinstance(inputs, Mapping):
        inputs = [inputs]
    return [_instance(entry) for entry in inputs]


def _instance(entry: Any) -> Any:
    if isinstance(entry, Mapping):
        return {name: _value(value) for name, value in entry.items()}
    return [_value(value) for value in entry]


def _value(value: Any) -> Any:
    """A value as JSON has it: times as microseconds UTC, dates as ISO 8601, what is not a number as null."""
    value = plain(value)
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, float) and math.isinf(value):
        raise Invalid("an input is infinite", code="non-finite-number")
    if isinstance(value, datetime):
        return micros(value)
    return value.isoformat() if isinstance(value, date) else value
