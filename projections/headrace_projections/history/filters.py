"""The part of a query that keeps the examples which a view's filters ask for."""

from collections.abc import Mapping, Sequence

from headrace_events.feature_filter import Condition, Filter, FilterValue, filter_value
from headrace_projections.history.columns import SQL_TYPES, literal

_COMPARED: Mapping[str, str] = {"==": "=", "!=": "<>"}
_LISTED: Mapping[str, str] = {"in": "IN", "not in": "NOT IN"}


def filtered_columns(filters: Sequence[Filter], join: int | None) -> list[str]:
    """The columns that filters name: of the root (None), or of the group joined by the join of that number."""
    return list(dict.fromkeys(one.column for part in filters for one in part.any_of if one.join == join))


def holds(condition: Condition, column: str, kind: str) -> str:
    """SQL: whether the condition holds for a column, given as SQL, of that feature type; null where it is unknown."""
    operator = condition.operator
    if operator in {"is null", "is not null"}:
        return f"{column} {operator.upper()}"
    values = [_sql(filter_value(kind, text), kind) for text in condition.values]
    if operator in _LISTED:
        return f"{column} {_LISTED[operator]} ({', '.join(values)})"
    return f"{column} {_COMPARED.get(operator, operator)} {values[0]}"


def _sql(value: FilterValue, kind: str) -> str:
    """The value as SQL: texts are quoted, everything else is written from its number or its bytes."""
    match value:
        case bool():
            return "true" if value else "false"
        case bytes():
            return f"unhex('{value.hex()}')"
        case str():
            return literal(value)
        case int() if kind == "date":
            return f"(DATE '1970-01-01' + ({value}))"
        case _:
            return f"CAST('{value!r}' AS {SQL_TYPES[kind]})"
