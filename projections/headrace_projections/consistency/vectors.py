"""Compare vectors that are kept ready with what the rows of their groups make, at one moment, in bounded memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import Connection, IsolationLevel, sql
from psycopg.rows import TupleRow

from headrace_events.entity_key import decode_key
from headrace_projections.offline.arrow import TYPES
from headrace_projections.online import vectors_table
from headrace_projections.online.row_text import RowTexts
from headrace_projections.online.tables import table
from headrace_projections.online.vectors_table import FedPart, Told
from headrace_projections.rows.groups import Group

SHOWN = 20
"""Keys that are named of those that differ; the others are counted."""
_ROWS = 2_000
_PARTS = "SELECT part, topic_id, features FROM online.view_vectors WHERE name = %s ORDER BY part"
_BOTH = sql.SQL(
    "SELECT g.key, g.event_time, g.deleted, g.schema_id, g.body, v.key, v.{time}, v.{features} "
    "FROM {group} g FULL OUTER JOIN {vectors} v ON g.key = v.key"
)


class NotReady(Exception):
    """They went away, or a row is of a schema that is not known here yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDifference:
    """A key, as the root's columns have it, and a group of which the vector does not say what the row does."""

    key: Mapping[str, Any]
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorConsistency:
    """All vectors of a view beside the rows of its groups; `rows` of all groups were compared."""

    equal: bool
    rows: int
    different: int
    differences: tuple[PartDifference, ...]


def check_vectors(dsn: str, name: str, groups: Sequence[Group]) -> VectorConsistency:
    """Compare the table of that name with the tables of the groups, the root first; raises NotReady."""
    by_topic = {group.topic_id: group for group in groups}
    rows = different = 0
    named: list[PartDifference] = []
    with psycopg.connect(dsn, application_name="headrace consistency") as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        for number, topic_id, features in connection.execute(_PARTS, (name,)).fetchall():
            group, part = by_topic[topic_id], FedPart(name=name, part=number, features=tuple(features))
            for key, same in _compared(connection, group, part):
                rows += 1
                different += not same
                if not same and len(named) < SHOWN:
                    named.append(PartDifference(key=_named(groups[0], key), group=group.name))
    return VectorConsistency(equal=not different, rows=rows, different=different, differences=tuple(named))


def _compared(connection: Connection[TupleRow], group: Group, part: FedPart) -> Iterator[tuple[bytes, bool]]:
    """Every key of the group or of the vectors, and whether both say the same of it."""
    texts = RowTexts()
    statement = _BOTH.format(
        time=vectors_table.time(part.part),
        features=vectors_table.features(part.part),
        group=table(group.project, group.name, group.version),
        vectors=vectors_table.table(part.name),
    )
    schemas: dict[int, str] = {}
    with connection.cursor(name="vectors") as cursor:
        try:
            cursor.execute(statement, binary=True)
        except psycopg.errors.UndefinedTable as error:
            raise NotReady(str(error)) from error
        while rows := cursor.fetchmany(_ROWS):
            stored = [row[:5] for row in rows if row[0] is not None]
            schemas |= _schemas(connection, {row[3] for row in stored if not row[2]} - schemas.keys())
            due = {told[0]: told for told in texts.of_stored(group, schemas, stored, part.features)}
            for key, *_, in_vectors, at, text in rows:
                yield (key or in_vectors), _same(due.get(key), at, text)


def _named(group: Group, key: bytes) -> Mapping[str, Any]:
    """The key's columns, times as times."""
    values = decode_key(group.key_types, key)
    return {
        name: pa.scalar(value, TYPES[kind]).as_py()
        for name, kind, value in zip(group.primary_key, group.key_types, values, strict=True)
    }


def _same(due: Told | None, at: int | None, text: bytes | None) -> bool:
    return (at, text) == ((None, None) if due is None else due[1:])


def _schemas(connection: Connection[TupleRow], wanted: set[int]) -> dict[int, str]:
    if not wanted:
        return {}
    query = "SELECT schema_id, schema FROM catalogue.schemas WHERE schema_id = ANY(%s)"
    found: dict[int, str] = dict(connection.execute(query, (list(wanted),)).fetchall())
    if wanted - found.keys():
        raise NotReady(f"schema {min(wanted - found.keys())} is not known here yet")
    return found
