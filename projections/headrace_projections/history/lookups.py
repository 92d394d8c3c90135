"""The part of a query that looks up, for each row of `r` at its time, the last row of every joined group.

A query names `r` with the root's columns and TIME; the joined groups become `g0`, `g1`, ….
"""

from headrace_projections.history.columns import quoted
from headrace_projections.history.latest import GONE, TIME, latest_versions
from headrace_projections.history.view import ViewHistory

_SECOND = 1_000_000


def needed_of_root(history: ViewHistory) -> list[str]:
    """The root's columns that a query reads: its key, what is selected, and what is joined on."""
    view = history.view
    joined_on = (pair.left for join in view.joins for pair in join.on)
    return list(dict.fromkeys((*history.root.group.primary_key, *view.root.features, *joined_on)))


def feature_columns(history: ViewHistory) -> list[str]:
    """SQL: every column of the view, null where the row looked up does not count."""
    view = history.view
    columns = [f"r.{quoted(name)} AS {quoted(view.root.prefix + name)}" for name in view.root.features]
    for number, (join, joined) in enumerate(history.joins()):
        counts = counts_at(f"g{number}", "r", joined.group.ttl_seconds)
        columns += [
            f"CASE WHEN {counts} THEN g{number}.{quoted(name)} END AS {quoted(join.selection.prefix + name)}"
            for name in join.selection.features
        ]
    return columns


def tables(history: ViewHistory, earliest: int, latest: int) -> list[str]:
    """SQL: a named subquery for each joined group, with all that rows from `earliest` to `latest` can see."""
    named = []
    for number, (join, joined) in enumerate(history.joins()):
        ttl = joined.group.ttl_seconds
        oldest = None if ttl is None else earliest - ttl * _SECOND
        versions = latest_versions(joined, join.selection.features, earliest=oldest, latest=latest)
        named.append(f"g{number} AS ({versions})")
    return named


def joins(history: ViewHistory) -> str:
    """SQL: the joins of `r` with `g0`, `g1`, …; each gives every row of `r` exactly once."""
    clauses = []
    for number, (join, _) in enumerate(history.joins()):
        same = [f"r.{quoted(pair.left)} = g{number}.{quoted(pair.right)}" for pair in join.on]
        clauses.append(f"ASOF LEFT JOIN g{number} ON {' AND '.join(same)} AND r.{TIME} >= g{number}.{TIME}")
    return " ".join(clauses)


def inner_conditions(history: ViewHistory) -> list[str]:
    """SQL: what holds for rows that an inner join keeps."""
    return [
        counts_at(f"g{number}", "r", joined.group.ttl_seconds)
        for number, (join, joined) in enumerate(history.joins())
        if join.kind == "inner"
    ]


def counts_at(found: str, asked: str, ttl_seconds: int | None) -> str:
    """SQL: whether a row was found, is no delete, and is not older than its time to live."""
    alive = f"{found}.{TIME} IS NOT NULL AND NOT {found}.{GONE}"
    if ttl_seconds is None:
        return f"({alive})"
    return f"({alive} AND {found}.{TIME} >= {asked}.{TIME} - {ttl_seconds * _SECOND})"
