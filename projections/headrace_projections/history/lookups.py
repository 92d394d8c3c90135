"""The part of a query that looks up, for each row of `r` at its time, the last row of every joined group.

A query names `r` with the root's columns and TIME; the joined groups become `g0`, `g1`, ….
"""

from headrace_events.feature_view import Join
from headrace_projections.history.columns import quoted, types_of
from headrace_projections.history.filters import filtered_columns, holds
from headrace_projections.history.latest import FROM, GONE, TIME, latest_versions, winners_as_known
from headrace_projections.history.view import GroupHistory, ViewHistory

_SECOND = 1_000_000


def needed_of_root(history: ViewHistory) -> list[str]:
    """The root's columns that a query reads: its key, what is selected, joined on and filtered by."""
    view = history.view
    joined_on = (pair.left for join in view.joins for pair in join.on)
    filtered = filtered_columns(view.filters, None)
    return list(dict.fromkeys((*history.root.group.primary_key, *view.root.features, *joined_on, *filtered)))


def feature_columns(history: ViewHistory) -> list[str]:
    """SQL: every column of the view, null where the row looked up does not count."""
    view = history.view
    columns = [f"r.{quoted(name)} AS {quoted(view.root.prefix + name)}" for name in view.root.features]
    for number, (join, _) in enumerate(history.joins()):
        columns += [
            f"{_seen(history, number, name)} AS {quoted(join.selection.prefix + name)}"
            for name in join.selection.features
        ]
    return columns


def tables(history: ViewHistory, earliest: int, latest: int) -> list[str]:
    """SQL: a named subquery for each joined group, with all that rows from `earliest` to `latest` can see."""
    rows = winners_as_known if history.view.known_at else latest_versions
    named = []
    for number, (join, joined) in enumerate(history.joins()):
        age = oldest_that_counts(join, joined)
        oldest = None if age is None else earliest - age * _SECOND
        needed = (*join.selection.features, *filtered_columns(history.view.filters, number))
        named.append(f"g{number} AS ({rows(joined, needed, earliest=oldest, latest=latest)})")
    return named


def joins(history: ViewHistory) -> str:
    """SQL: the joins of `r` with `g0`, `g1`, …; each gives every row of `r` exactly once."""
    counted_from = FROM if history.view.known_at else TIME
    clauses = []
    for number, (join, _) in enumerate(history.joins()):
        same = [f"r.{quoted(pair.left)} = g{number}.{quoted(pair.right)}" for pair in join.on]
        clauses.append(f"ASOF LEFT JOIN g{number} ON {' AND '.join(same)} AND r.{TIME} >= g{number}.{counted_from}")
    return " ".join(clauses)


def conditions(history: ViewHistory) -> list[str]:
    """SQL: what holds for the rows that are kept: each inner join finds something, and the filters hold."""
    found = [_counts(history, number) for number, join in enumerate(history.view.joins) if join.kind == "inner"]
    return found + [
        "(" + " OR ".join(holds(one, *_asked(history, one.join, one.column)) for one in part.any_of) + ")"
        for part in history.view.filters
    ]


def oldest_that_counts(join: Join, joined: GroupHistory) -> int | None:
    """The age in seconds up to which a row of the group counts in this join: its time to live, or the lookback."""
    return min((age for age in (joined.group.ttl_seconds, join.lookback_seconds) if age is not None), default=None)


def counts_at(found: str, asked: str, age: int | None) -> str:
    """SQL: whether a row was found, is no delete, and is not older than that many seconds."""
    alive = f"{found}.{TIME} IS NOT NULL AND NOT {found}.{GONE}"
    if age is None:
        return f"({alive})"
    return f"({alive} AND {found}.{TIME} >= {asked}.{TIME} - {age * _SECOND})"


def _counts(history: ViewHistory, number: int) -> str:
    join, joined = history.joins()[number]
    return counts_at(f"g{number}", "r", oldest_that_counts(join, joined))


def _seen(history: ViewHistory, number: int, column: str) -> str:
    return f"CASE WHEN {_counts(history, number)} THEN g{number}.{quoted(column)} END"


def _asked(history: ViewHistory, number: int | None, column: str) -> tuple[str, str]:
    """A column that a filter names, as SQL, and its feature type."""
    if number is None:
        return f"r.{quoted(column)}", types_of(history.root.group.columns)[column]
    return _seen(history, number, column), types_of(history.joined[number].group.columns)[column]
