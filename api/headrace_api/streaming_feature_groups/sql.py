"""A streaming feature group said in SQL: one query over Flink's windowing table functions, read as its declaration.

Source: Apache Flink, "Windowing table-valued functions" and "Window aggregation". `HOP` or `TUMBLE` says the source,
its event time, the slide and the longest window; GROUP BY says the keys. A shorter window is a FILTER that leaves out
what lies further back: `AVG(x) FILTER (WHERE at >= window_end - INTERVAL '1' HOUR)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.hive import Hive
from sqlglot.errors import ParseError, TokenError

from headrace_api.streaming_feature_groups.sql_intervals import over_of
from headrace_api.streaming_feature_groups.sql_places import column_of, invalid, unsupported
from headrace_events.streaming_windows import Aggregation

_BOUNDS = ("window_start", "window_end")
_OF_WINDOW = frozenset({*_BOUNDS, "window_time"})
_FUNCTIONS: dict[type[exp.Expr], str] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Avg: "mean",
    exp.Min: "min",
    exp.Max: "max",
    exp.StddevPop: "stddev",
}
_CLAUSES = {"joins": "JOIN", "order": "ORDER BY", "with_": "WITH", "laterals": "LATERAL", "windows": "WINDOW"}
_SAMPLES = (exp.Stddev, exp.StddevSamp)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlDeclaration:
    """What the query says: the same that is said with `source`, `keys`, `aggregations` and `slide`."""

    source: str
    event_time: str
    keys: tuple[str, ...]
    aggregations: tuple[Aggregation, ...]
    slide: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Windows:
    source: str
    event_time: str
    slide: str
    over: str


def declaration_of(text: str) -> SqlDeclaration:
    """The declaration; raises Invalid, `invalid-sql` for what is no SQL, `unsupported-sql` naming what is not done."""
    select = _select(text)
    windows = _windows(_from(select))
    keys = tuple(_keys(select))
    return SqlDeclaration(
        source=windows.source,
        event_time=windows.event_time,
        keys=keys,
        aggregations=tuple(_aggregations(select, windows, keys)),
        slide=windows.slide,
    )


def _select(text: str) -> exp.Select:
    try:
        statements = [one for one in _parsed(text) if one is not None]
    except (ParseError, TokenError, RecursionError) as error:
        raise invalid(error) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        raise unsupported(None, "one SELECT says what is computed")
    select = statements[0]
    for name, part in select.args.items():
        if part and name not in {"expressions", "from_", "from", "group"}:
            node = part[0] if isinstance(part, list) else part
            raise unsupported(
                node, f"{_CLAUSES.get(name, name.upper())} is not supported: all rows of the source count"
            )
    return select


def _parsed(text: str) -> Sequence[exp.Expr | None]:
    """The statements. Flink says TABLE before the name of a table that a function is given, sqlglot does not."""
    tokens = Hive().tokenize(text)
    if not tokens or tokens[0].token_type not in {TokenType.SELECT, TokenType.WITH}:
        raise unsupported(None, "one SELECT says what is computed")
    kept: list[Token] = []
    for place, token in enumerate(tokens):
        after = tokens[place + 1].token_type if place + 1 < len(tokens) else None
        if token.token_type != TokenType.TABLE or after == TokenType.L_PAREN:
            kept.append(token)
    return Hive().parser().parse(kept, text)


def _from(select: exp.Select) -> exp.Expr:
    source = select.args.get("from_") or select.args.get("from")
    table = source.this if source is not None else None
    if not isinstance(table, exp.Table) or any(part for name, part in table.args.items() if name != "this" and part):
        raise unsupported(table, "a query reads FROM TABLE(HOP(…)) or TABLE(TUMBLE(…)), without an alias")
    function: Any = table.this
    if isinstance(function, exp.Anonymous) and function.name.upper() == "TABLE" and len(function.expressions) == 1:
        function = function.expressions[0]
    return function  # type: ignore[no-any-return]  # what sqlglot has parsed there


def _windows(function: exp.Expr) -> _Windows:
    name = function.name.upper() if isinstance(function, exp.Anonymous) else ""
    arguments = function.expressions if isinstance(function, exp.Anonymous) else []
    match name, arguments:
        case "HOP", [table, column, slide, size]:
            return _Windows(source=_table(table), event_time=_time(column), slide=over_of(slide), over=over_of(size))
        case "TUMBLE", [table, column, size]:
            return _Windows(source=_table(table), event_time=_time(column), slide=over_of(size), over=over_of(size))
        case "HOP", _:
            raise unsupported(function, "HOP takes a table, a DESCRIPTOR, the slide and the size, and nothing else")
        case "TUMBLE", _:
            raise unsupported(function, "TUMBLE takes a table, a DESCRIPTOR and the size, and nothing else")
    raise unsupported(function, "a query reads FROM TABLE(HOP(…)) or TABLE(TUMBLE(…))")


def _table(node: exp.Expr) -> str:
    name = column_of(node)
    if name is not None:
        return name
    if isinstance(node, exp.Column) and not node.args.get("db") and node.table == "topics":
        return f"topics.{node.name}"
    raise unsupported(node, "the table is the name of a feature group of the project, or topics.<name>")


def _time(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous) and node.name.upper() == "DESCRIPTOR" and len(node.expressions) == 1:
        name = column_of(node.expressions[0])
        if name is not None:
            return name
    raise unsupported(node, "the event time is DESCRIPTOR(column)")


def _keys(select: exp.Select) -> Iterator[str]:
    group = select.args.get("group")
    if group is None or any(part for name, part in group.args.items() if name != "expressions" and part):
        raise unsupported(group or select, "a query ends with GROUP BY keys, window_start, window_end")
    bounds = set()
    for node in group.expressions:
        name = column_of(node)
        if name is None:
            raise unsupported(node, "GROUP BY takes names of columns")
        if name in _OF_WINDOW:
            bounds.add(name)
        else:
            yield name
    missing = [name for name in _BOUNDS if name not in bounds]
    if missing:
        raise unsupported(group, f"GROUP BY lacks {' and '.join(missing)}: without them nothing is in a window")


def _aggregations(select: exp.Select, windows: _Windows, keys: Sequence[str]) -> Iterator[Aggregation]:
    for item in select.expressions:
        node = item.this if isinstance(item, exp.Alias) else item
        name = column_of(node)
        if name is not None:
            if name not in keys and name not in _OF_WINDOW:
                raise unsupported(node, f"{name!r} is neither grouped by nor aggregated")
            called = name
        else:
            one = _aggregation(node, windows)
            called = one.name
            yield one
        if isinstance(item, exp.Alias) and item.alias != called:
            raise unsupported(item, f"AS {item.alias} is not supported: the column is called {called}")


def _aggregation(node: exp.Expr, windows: _Windows) -> Aggregation:
    over = windows.over
    if isinstance(node, exp.Filter):
        over = _shorter(node.expression.this, windows)
        node = node.this
    if isinstance(node, _SAMPLES):
        raise unsupported(node, "the standard deviation is the population's: say STDDEV_POP")
    function = _FUNCTIONS.get(type(node))
    if function is None:
        shown = node.name if isinstance(node, exp.Anonymous) else node.sql()[:60]
        raise unsupported(node, f"{shown} is none of COUNT, SUM, AVG, MIN, MAX and STDDEV_POP of a column")
    if function == "count" and isinstance(node.this, exp.Star):
        return Aggregation(function=function, over=over)
    column = column_of(node.this)
    if column is None or node.expressions:
        raise unsupported(node, f"{node.sql()[:60]} is not supported: a function is of one column, as it is")
    return Aggregation(function=function, column=column, over=over)


def _shorter(condition: exp.Expr, windows: _Windows) -> str:
    """The length of the window that the filter leaves."""
    time, since = condition.args.get("this"), condition.args.get("expression")
    if isinstance(condition, exp.LTE):
        time, since = since, time
    fits = isinstance(condition, exp.GTE | exp.LTE) and time is not None and column_of(time) == windows.event_time
    if fits and isinstance(since, exp.Sub) and column_of(since.this) == "window_end":
        return over_of(since.expression)
    raise unsupported(
        condition,
        "a FILTER makes a window shorter, and does nothing else: "
        f"WHERE {windows.event_time} >= window_end - INTERVAL '1' HOUR",
    )
