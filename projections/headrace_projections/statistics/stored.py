"""Windows of statistics as rows of Postgres, and rows as windows."""

from collections.abc import Iterable, Mapping
from typing import Any

import datasketches
import orjson

from headrace_projections.statistics.correlation import Comoments
from headrace_projections.statistics.feature import FeatureStatistics
from headrace_projections.statistics.window import Window

WINDOW = ("reached", "starts", "ends", "rows", "deletes", "first_append", "last_append", "comoments")
FEATURE = ("feature", "nulls", "nonfinite", "numbers", "mean", "squares", "bounds", "hll", "kll")


def window_row(window: Window) -> tuple[Any, ...]:
    """The columns WINDOW of a window."""
    return (
        window.reached,
        list(window.starts),
        list(window.ends),
        window.rows,
        window.deletes,
        window.first,
        window.last,
        None if window.comoments is None else window.comoments.stored(),
    )


def feature_rows(window: Window) -> Iterable[tuple[Any, ...]]:
    """The columns FEATURE of each of its features."""
    for name, one in window.features.items():
        yield (
            name,
            one.nulls,
            one.nonfinite,
            one.numbers,
            one.mean,
            one.squares,
            orjson.dumps([one.least, one.most]),
            one.distinct.serialize_compact(),
            one.sketch.serialize(),
        )


def window_of(row: Mapping[str, Any]) -> Window:
    """The window of a row, without its features."""
    stored = row["comoments"]
    return Window(
        starts=tuple(row["starts"]),
        ends=tuple(row["ends"]),
        features={},
        comoments=None if stored is None else Comoments.read(stored),
        rows=row["rows"],
        deletes=row["deletes"],
        first=row["first_append"],
        last=row["last_append"],
    )


def feature_of(row: Mapping[str, Any]) -> FeatureStatistics:
    """The statistics of a row."""
    least, most = orjson.loads(row["bounds"])
    return FeatureStatistics(
        nulls=row["nulls"],
        nonfinite=row["nonfinite"],
        least=least,
        most=most,
        numbers=row["numbers"],
        mean=row["mean"],
        squares=row["squares"],
        distinct=datasketches.hll_sketch.deserialize(row["hll"]),
        sketch=datasketches.kll_doubles_sketch.deserialize(row["kll"]),
    )
