"""Reading what was counted of a group: all of it, or between two times, as one window or each window of its own."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from anyio.to_thread import run_sync
from psycopg.rows import dict_row

from headrace_projections.rows.catalogued import Pool
from headrace_projections.rows.groups import Group
from headrace_projections.statistics.feature import FeatureStatistics
from headrace_projections.statistics.stored import FEATURE, WINDOW, feature_of, window_of
from headrace_projections.statistics.window import Window, merged

_ROWS_AT_ONCE = 500

_WINDOWS = f"""
SELECT {", ".join(WINDOW)} FROM offline.statistics_windows
WHERE topic_id = %(topic)s
  AND (%(since)s::timestamptz IS NULL OR last_append > %(since)s)
  AND (%(until)s::timestamptz IS NULL OR last_append <= %(until)s)
ORDER BY reached DESC LIMIT %(limit)s"""

_FEATURES = f"""
SELECT reached, {", ".join(FEATURE)} FROM offline.feature_statistics
WHERE topic_id = %(topic)s AND feature = ANY(%(features)s) AND reached = ANY(%(reached)s)
ORDER BY reached"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Windows whose last record the log took after `since` and not after `until`; the last `limit` of them."""

    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None


async def windows(pool: Pool, group: Group, features: Sequence[str], span: Span) -> list[Window]:
    """The windows in the span, the first one first, with statistics of these features."""
    found: dict[int, Window] = {}

    def fill(rows: Sequence[dict[str, Any]]) -> None:
        for row in rows:
            found[row["reached"]].features[row["feature"]] = feature_of(row)

    await _read(pool, group, features, span, found=found, take=fill)
    return list(found.values())


async def whole(pool: Pool, group: Group, features: Sequence[str], span: Span) -> Window | None:
    """The windows in the span as one; None where there are none. Holds one set of statistics a feature."""
    found: dict[int, Window] = {}
    together: dict[str, FeatureStatistics] = {}
    had: Counter[str] = Counter()

    def merge(rows: Sequence[dict[str, Any]]) -> None:
        for row in rows:
            name, statistics = row["feature"], feature_of(row)
            had[name] += found[row["reached"]].rows
            if name in together:
                together[name].merge(statistics)
            else:
                together[name] = statistics

    await _read(pool, group, features, span, found=found, take=merge)
    window = merged(list(found.values()))
    if window is not None:
        for name, statistics in together.items():
            statistics.nulls += window.rows - had[name]
        window.features = together
    return window


async def _read(
    pool: Pool,
    group: Group,
    features: Sequence[str],
    span: Span,
    *,
    found: dict[int, Window],
    take: Callable[[Sequence[dict[str, Any]]], None],
) -> None:
    """Find the windows, then hand on the rows of their features, some at a time, in the order of the log."""
    asked: dict[str, Any] = {
        "topic": group.topic_id,
        "since": span.since,
        "until": span.until,
        "limit": span.limit,
        "features": list(features),
    }
    async with pool.connection() as connection, connection.transaction():
        async with connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_WINDOWS, asked)
            found |= {row["reached"]: window_of(row) for row in reversed(await cursor.fetchall())}
        async with connection.cursor("feature_statistics", row_factory=dict_row) as cursor:
            await cursor.execute(_FEATURES, {**asked, "reached": list(found)})
            while rows := await cursor.fetchmany(_ROWS_AT_ONCE):
                await run_sync(take, rows)
