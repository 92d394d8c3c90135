"""Statistics of just the commits between two times, for who has no pool: only where commits lie whole between them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import dict_row

from headrace_projections.history.errors import Unavailable
from headrace_projections.rows.groups import Group
from headrace_projections.statistics.feature import FeatureStatistics
from headrace_projections.statistics.stored import FEATURE, WINDOW, feature_of, window_of
from headrace_projections.statistics.window import Offsets, Window, merged

_ALL = f"""
SELECT {", ".join(WINDOW)} FROM offline.statistics_windows WHERE topic_id = %(topic)s ORDER BY reached"""

_FEATURES = f"""
SELECT reached, {", ".join(FEATURE)} FROM offline.feature_statistics
WHERE topic_id = %(topic)s AND feature = ANY(%(features)s) AND reached = ANY(%(reached)s) ORDER BY reached"""


def whole_commits(
    dsn: str, group: Group, features: Sequence[str], *, since: datetime | None, until: datetime, ends: Offsets
) -> Window | None:
    """What was counted of the records that the log took after `since` and not after `until`, as one window.

    None where a commit lies across a bound, where not all before `ends` is counted yet, and where nothing is. Raises
    Unavailable.
    """
    try:
        with psycopg.connect(dsn, application_name="headrace feature monitors", connect_timeout=5) as connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
                rows = cursor.execute(_ALL, {"topic": group.topic_id}).fetchall()
                windows = {row["reached"]: window_of(row) for row in rows}
                if not _counted(windows, group, ends) or _cut(windows, since, until):
                    return None
                kept = {number: one for number, one in windows.items() if _within(one, since, until)}
                asked = {"topic": group.topic_id, "features": list(features), "reached": list(kept)}
                cursor.execute(_FEATURES, asked)
                return _together(kept, cursor.fetchall())
    except psycopg.Error as error:
        raise Unavailable(f"the statistics of {group.name!r} cannot be read: {error}") from error


def _counted(windows: Mapping[int, Window], group: Group, ends: Offsets) -> bool:
    """Whether the windows are of all rows that count, and of all before these ends."""
    if not windows:
        return False
    first, last = windows[min(windows)], windows[max(windows)]
    begins = group.begins or (0,) * group.partitions
    return first.starts == begins and all(at >= end for at, end in zip(last.ends, ends, strict=True))


def _cut(windows: Mapping[int, Window], since: datetime | None, until: datetime) -> bool:
    """Whether a commit has records on both sides of a bound."""
    bounds = [bound for bound in (since, until) if bound is not None]
    return any(
        one.first is not None and one.last is not None and one.first <= bound < one.last
        for one in windows.values()
        for bound in bounds
    )


def _within(one: Window, since: datetime | None, until: datetime) -> bool:
    return one.last is not None and one.last <= until and (since is None or one.last > since)


def _together(windows: Mapping[int, Window], rows: Sequence[Mapping[str, Any]]) -> Window | None:
    """The windows as one, with the statistics of their features; where a window has none of one, its rows are null."""
    together: dict[str, FeatureStatistics] = {}
    had: Counter[str] = Counter()
    for row in rows:
        name, statistics = row["feature"], feature_of(row)
        had[name] += windows[row["reached"]].rows
        together.setdefault(name, FeatureStatistics()).merge(statistics)
    whole = merged(list(windows.values()))
    if whole is not None:
        for name, statistics in together.items():
            statistics.nulls += whole.rows - had[name]
        whole.features = together
    return whole
