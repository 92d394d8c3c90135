"""The rows of a group's files as one source of a query, whatever schemas they were written with."""

from collections.abc import Sequence
from datetime import date, datetime

from headrace_events.feature_default import Default
from headrace_projections.history.columns import SQL_TYPES, STORED_TIME, literal, quoted, types_of
from headrace_projections.rows.groups import Group


def stored_rows(group: Group, files: Sequence[str], partitioning: str = "hive_partitioning = false") -> str:
    """SQL: what a query selects from to read these files, of which there is at least one.

    Files from before a column was appended lack it. Their rows, and later ones of older schemas, have its default.
    """
    listed = ", ".join(map(literal, files))
    source = f"read_parquet([{listed}], union_by_name = true, {partitioning})"
    if not group.growth:
        return source
    types = types_of(group.columns)
    later = [feature.name for growth in group.growth for feature in growth.features]
    empty = [f"CAST(NULL AS {_stored_as(types[name])}) AS {quoted(name)}" for name in later]
    empty.append('CAST(NULL AS INTEGER) AS "_schema_id"')
    whole = f"SELECT * FROM {source} UNION ALL BY NAME SELECT {', '.join(empty)} WHERE false"
    defaults = _defaults(group)
    replaced = f" REPLACE ({', '.join(defaults)})" if defaults else ""
    return f"(SELECT *{replaced} FROM ({whole}))"


def last_places(group: Group, source: str, condition: str = "true") -> str:
    """SQL: where the last row of each key lies in the source, deletes too, of those of which the condition holds.

    Found by what orders rows alone; fetched by place, the other columns take no memory for rows that are not the last.
    """
    time = quoted(group.event_time or "_known_at")
    key = ", ".join(quoted(name) for name in group.primary_key)
    return (
        f'SELECT "_partition", "_offset", "_operation" FROM {source} WHERE {condition} '
        f"QUALIFY row_number() OVER (PARTITION BY {key} "
        f'ORDER BY {time} DESC, "_known_at" DESC, "_offset" DESC, "_partition" DESC) = 1'
    )


def _defaults(group: Group) -> list[str]:
    """SQL: each column that has a default, with that in rows whose schema lacks the column."""
    values, types = group.defaults, types_of(group.columns)
    found = []
    for number, growth in enumerate(group.growth):
        having = ", ".join(str(later.schema_id) for later in group.growth[number:])
        for feature in growth.features:
            if feature.name in values:
                name = quoted(feature.name)
                lacks = f'"_operation" <> \'delete\' AND coalesce("_schema_id" NOT IN ({having}), true)'
                default = f"CAST({_literal(values[feature.name])} AS {_stored_as(types[feature.name])})"
                found.append(f"CASE WHEN {lacks} THEN {default} ELSE {name} END AS {name}")
    return found


def _stored_as(kind: str) -> str:
    """The DuckDB type in the files."""
    return STORED_TIME if kind == "timestamp" else SQL_TYPES[kind]


def _literal(value: Default) -> str:
    match value:
        case bytes():
            return f"unhex({literal(value.hex())})"
        case datetime():
            return literal(value.isoformat(sep=" "))
        case date():
            return literal(value.isoformat())
        case float():
            return literal(repr(value))
        case str():
            return literal(value)
        case _:
            return str(value)
