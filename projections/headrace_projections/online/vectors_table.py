"""The tables of vectors that are kept ready: a row a key, and of every part the event time and the features.

A part that was never written has no event time; one that is deleted has a time and no features. The features of a part
are text as it stands in an answer: JSON values with commas in between.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from headrace_projections.online.tables import SCHEMA, table_name

Told = tuple[bytes, int, bytes | None]
"""A key, the event time of its row, and the features; None where the row is deleted."""

INCOMING = (
    "CREATE TEMP TABLE IF NOT EXISTS incoming_vectors (place int, key bytea, event_time bigint, features bytea) "
    "ON COMMIT DELETE ROWS"
)
_COPY = "COPY incoming_vectors (place, key, event_time, features) FROM STDIN (FORMAT BINARY)"
_TAKE = sql.SQL(
    "INSERT INTO {table} (key, {time}, {features}) "
    "SELECT key, event_time, features FROM incoming_vectors WHERE place = {place} "
    "ON CONFLICT (key) DO UPDATE SET {time} = excluded.{time}, {features} = excluded.{features}"
)
_FED = "SELECT name, part, features FROM online.view_vectors WHERE topic_id = %s ORDER BY name, part"


@dataclass(frozen=True, slots=True, kw_only=True)
class FedPart:
    """A part of a table: which of the group's columns it has."""

    name: str
    part: int
    features: tuple[str, ...]


def vectors_table_name(project: str, view: str, version: int, seq: int) -> str:
    """What the table is called: no group's table is, and none that began with another event."""
    return table_name(project, f"{view}.{version}", seq)


def table(name: str) -> sql.Identifier:
    """The table of that name, as it goes into a statement."""
    return sql.Identifier(SCHEMA, name)


def time(part: int) -> sql.Identifier:
    """The column with the part's event time."""
    return sql.Identifier(f"event_time_{part}")


def features(part: int) -> sql.Identifier:
    """The column with the part's features."""
    return sql.Identifier(f"features_{part}")


def make(connection: Connection[TupleRow], name: str, parts: int) -> None:
    """Make the table; its rows lie in one piece up to the size of a page."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} bigint, {} bytea").format(time(part), features(part)) for part in range(parts)
    )
    connection.execute(
        sql.SQL("CREATE TABLE {} (key bytea PRIMARY KEY, {}) WITH (fillfactor = 85, toast_tuple_target = 8160)").format(
            table(name), columns
        )
    )


def fed_by(connection: Connection[TupleRow], topic_id: str) -> list[FedPart]:
    """The parts that rows of the topic belong to."""
    found = connection.execute(_FED, (topic_id,)).fetchall()
    return [FedPart(name=name, part=part, features=tuple(columns)) for name, part, columns in found]


def take(connection: Connection[TupleRow], told: Sequence[tuple[FedPart, Iterable[Told]]]) -> None:
    """Let these be what the parts have of their keys; one transaction takes once."""
    with connection.cursor() as cursor:
        with cursor.copy(_COPY) as copy:
            copy.set_types(["int4", "bytea", "int8", "bytea"])
            for place, (_, rows) in enumerate(told):
                for row in rows:
                    copy.write_row((place, *row))
        for place, (part, _) in enumerate(told):
            of = {"table": table(part.name), "time": time(part.part), "features": features(part.part)}
            cursor.execute(_TAKE.format(place=place, **of))


def clear(connection: Connection[TupleRow], part: FedPart) -> None:
    """Let the part have nothing of any key."""
    nothing = sql.SQL("UPDATE {} SET {time} = NULL, {} = NULL WHERE {time} IS NOT NULL")
    connection.execute(nothing.format(table(part.name), features(part.part), time=time(part.part)))
