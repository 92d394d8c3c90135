"""Lengths of windows: INTERVAL '24' HOUR is 24h."""

from __future__ import annotations

import re

from sqlglot import exp

from headrace_api.streaming_feature_groups.sql_places import unsupported

_WHOLE = re.compile("[0-9]{1,9}")
_UNITS = {"SECOND": "s", "MINUTE": "min", "HOUR": "h", "DAY": "d"}


def over_of(node: exp.Expr) -> str:
    """The interval as declarations say it; raises Invalid."""
    number = node.this if isinstance(node, exp.Interval) else None
    unit = node.args.get("unit") if isinstance(node, exp.Interval) else None
    name = unit.name.upper().removesuffix("S") if isinstance(unit, exp.Var) else ""
    if name not in _UNITS or not isinstance(number, exp.Literal) or not _WHOLE.fullmatch(number.name):
        raise unsupported(node, "a length is INTERVAL '24' HOUR, in whole SECOND, MINUTE, HOUR or DAY")
    return f"{int(number.name)}{_UNITS[name]}"
