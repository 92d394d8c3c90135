"""Where something stands in a query, and refusals that say so."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from headrace_events.errors import Invalid


def column_of(node: exp.Expr | None) -> str | None:
    """The name of a column without a qualifier, or None for anything else."""
    if not isinstance(node, exp.Column) or not isinstance(node.this, exp.Identifier):
        return None
    return None if any(part for name, part in node.args.items() if name != "this" and part) else str(node.this.this)


def unsupported(node: exp.Expr | None, why: str) -> Invalid:
    """That this is SQL, but says what no streaming feature group computes."""
    return _refused("unsupported-sql", why, place_of(node))


def invalid(error: SqlglotError | RecursionError) -> Invalid:
    """That this is no SQL."""
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        place = (int(first["line"]), int(first["col"])) if first.get("line") else None
        return _refused("invalid-sql", str(first.get("description") or "it cannot be read"), place)
    why = "it is nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
    return _refused("invalid-sql", why, None)


def place_of(node: exp.Expr | None) -> tuple[int, int] | None:
    """The line and column of the first name in it, from 1, or in what it is part of; None where there is none."""
    while node is not None:
        found = [one.meta for one in node.find_all(exp.Identifier, exp.Func) if "line" in one.meta]
        if found:
            first = min(found, key=lambda meta: int(meta["start"]))
            return int(first["line"]), int(first["col"]) - (int(first["end"]) - int(first["start"]))
        node = node.parent
    return None


def _refused(code: str, why: str, place: tuple[int, int] | None) -> Invalid:
    if place is None:
        return Invalid(code, why)
    line, column = place
    return Invalid(code, f"line {line}, column {column}: {why}", {"line": str(line), "column": str(column)})
