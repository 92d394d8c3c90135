"""A window read row by row: each question is a query over the rows, answered exactly, in bounded memory."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from math import isfinite, log
from typing import Any

import pyarrow as pa

from headrace_events.feature_monitor_config import is_number
from headrace_events.feature_monitor_result import WindowRead
from headrace_processors.feature_monitors.profile import NotTold, Summary
from headrace_projections.history.columns import literal, quoted

MOST_VALUES = 10_000
"""A feature with more different values than that has no categories."""
_STEP = 618_033
_ROUND = 1_000_003

Select = Callable[[str], str]
Ask = Callable[[Select, pa.Schema], AbstractContextManager[Any]]
"""Runs the SQL that `Select` makes of the relation with the window's rows: batches in that schema, or Unavailable."""

_NUMBERS = pa.schema(
    [
        *((name, pa.int64()) for name in ("rows", "filled", "numbers")),
        *((name, pa.float64()) for name in ("least", "most", "mean", "total", "deviation")),
    ]
)
_DISTINCT = pa.schema([("distinct", pa.int64()), ("once", pa.int64()), ("filled", pa.int64()), ("logs", pa.float64())])
_CATEGORIES = pa.schema([("category", pa.string()), ("number", pa.int64())])


def sampled(share: float, number: str, partition: str = "0") -> str:
    """SQL: whether a row is one of that share of all, which are the same each time and lie evenly among the others."""
    if share >= 1:
        return "true"
    return f"(({number}) % {_ROUND} * {_STEP} + ({partition}) * 7919) % {_ROUND} < {round(share * _ROUND)}"


@dataclass(slots=True)
class RowsWindow:
    """A window whose features have these types; `distinct`: different values are counted too, which takes longer."""

    read: WindowRead
    types: Mapping[str, str]
    ask: Ask
    distinct: bool = False
    _known: dict[str, Summary] = field(default_factory=dict)

    def summary(self, feature: str) -> Summary:
        """The feature in the window."""
        if feature not in self._known:
            self._known[feature] = self._summary(feature)
        return self._known[feature]

    def quantiles(self, feature: str, ranks: Sequence[float]) -> list[float]:
        """The numbers at these ranks, on a straight line between two of them (numpy's `linear`)."""
        listed = ", ".join(map(repr, ranks))
        select = f"SELECT quantile_cont(v, [{listed}]) FILTER (isfinite(v)) AS found"
        (row,) = self._rows(lambda rows: f"{select} FROM ({self._of(feature, rows)})", _list_of_doubles())
        return list(row["found"] or ())

    def up_to(self, feature: str, edges: Sequence[float]) -> list[int]:
        """How many numbers are at each edge or below it."""
        names = [f"c{number}" for number in range(len(edges))]
        each = ", ".join(
            f"count(*) FILTER (isfinite(v) AND v <= CAST({literal(repr(edge))} AS DOUBLE)) AS {name}"
            for name, edge in zip(names, edges, strict=True)
        )
        schema = pa.schema([(name, pa.int64()) for name in names])
        found = self._rows(lambda rows: f"SELECT {each} FROM ({self._of(feature, rows)})", schema)
        return [found[0][name] for name in names] if found else [0] * len(names)

    def categories(self, feature: str) -> Mapping[str, int]:
        """How often each value is there, as text; raises NotTold where there are more than MOST_VALUES."""

        def query(rows: str) -> str:
            value = quoted(feature)
            return (
                f"SELECT CAST({value} AS VARCHAR) AS category, count(*) AS number FROM {rows} "
                f"WHERE {value} IS NOT NULL GROUP BY ALL ORDER BY number DESC LIMIT {MOST_VALUES + 1}"
            )

        found = self._rows(query, _CATEGORIES)
        if len(found) > MOST_VALUES:
            raise NotTold(f"there are more than {MOST_VALUES} different values: these are no categories")
        return {row["category"]: row["number"] for row in found}

    def _summary(self, feature: str) -> Summary:
        select = (
            "SELECT count(*) AS rows, count(f) AS filled, count(*) FILTER (isfinite(v)) AS numbers, "
            "min(v) FILTER (isfinite(v)) AS least, max(v) FILTER (isfinite(v)) AS most, "
            "avg(v) FILTER (isfinite(v)) AS mean, sum(v) FILTER (isfinite(v)) AS total, "
            "stddev_samp(v) FILTER (isfinite(v)) AS deviation"
        )
        found = self._rows(lambda rows: f"{select} FROM ({self._of(feature, rows)})", _NUMBERS)
        if not found:
            return Summary(rows=0, nulls=0)
        row = found[0]
        shown: dict[str, Any] = {name: _finite(row[name]) for name in ("least", "most", "mean", "total", "deviation")}
        more = self._distinct(feature) if self.distinct else {}
        return Summary(rows=row["rows"], nulls=row["rows"] - row["filled"], numbers=row["numbers"], **shown, **more)

    def _distinct(self, feature: str) -> dict[str, Any]:
        def query(rows: str) -> str:
            value = quoted(feature)
            counted = f"SELECT count(*) AS c FROM {rows} WHERE {value} IS NOT NULL GROUP BY {value}"
            return (
                "SELECT count(*) AS distinct, count(*) FILTER (c = 1) AS once, coalesce(sum(c), 0) AS filled, "
                f"coalesce(sum(c * ln(c)), 0) AS logs FROM ({counted})"
            )

        row = self._rows(query, _DISTINCT)[0]
        filled = row["filled"]
        entropy = max(0.0, log(filled) - row["logs"] / filled) if filled else None
        return {"distinct": row["distinct"], "once": row["once"], "entropy": entropy}

    def _of(self, feature: str, rows: str) -> str:
        """SQL: the feature of each row as it is, f, and as a double, v."""
        name = quoted(feature)
        number = f"CAST({name} AS DOUBLE)" if is_number(self.types[feature]) else "CAST(NULL AS DOUBLE)"
        return f"SELECT {name} AS f, {number} AS v FROM {rows}"

    def _rows(self, query: Select, schema: pa.Schema) -> list[dict[str, Any]]:
        with self.ask(query, schema) as batches:
            return [row for batch in batches for row in batch.to_pylist()]


def _list_of_doubles() -> pa.Schema:
    return pa.schema([("found", pa.list_(pa.float64()))])


def _finite(number: float | None) -> float | None:
    return number if number is not None and isfinite(number) else None
