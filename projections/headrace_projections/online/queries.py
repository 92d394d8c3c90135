"""Online features by key: what the API and the serving gateway read, over one pool of connections."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

import orjson
from psycopg import AsyncConnection, errors, sql
from psycopg.rows import TupleRow

from headrace_events.errors import NotFound
from headrace_projections.online.bodies import BodyReader
from headrace_projections.online.entities import key_maker
from headrace_projections.online.tables import table
from headrace_projections.rows.catalogued import CataloguedGroup, Pool, group_of, schema_of
from headrace_projections.rows.groups import Group

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SELECT = sql.SQL(
    "SELECT {place} AS place, key, event_time, deleted, schema_id, body, "
    "(SELECT schema_id FROM catalogue.feature_groups "
    "WHERE project = {project} AND name = {name} AND version = {version}) AS newest FROM {table} WHERE key = ANY(%b)"
)


class Status(StrEnum):
    """Whether a key (or a feature) has a value now; `expired` is older than the group's time to live."""

    FOUND = "found"
    MISSING = "missing"
    DELETED = "deleted"
    EXPIRED = "expired"
    PASSED = "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """The columns of one entity by name; empty unless found."""

    status: Status
    values: Mapping[str, Any] = field(default_factory=dict)
    event_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableGroup:
    """A group, what makes keys of entities, its newest schema's reader, and what rows of others have in its columns."""

    group: Group
    key: Callable[[Mapping[str, Any]], bytes]
    names: tuple[str, ...]
    schema_id: int
    bodies: BodyReader
    defaults: Mapping[str, Any]


Wanted = tuple[ReadableGroup, Sequence[bytes | None]]
"""A group, and keys of which vectors are wanted; where there is no key, there is no vector."""

_MISSING = Vector(status=Status.MISSING)


class OnlineReader:
    """Reads vectors. Groups only grow until they are gone: they are asked for again when their rows say so.

    Made for one event loop.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self._groups: dict[tuple[str, str, int], ReadableGroup] = {}
        self._bodies: dict[int, BodyReader] = {}

    async def group(self, project: str, name: str, version: int, having: Collection[str] = ()) -> ReadableGroup:
        """The group version, as it is since it has these columns, and perhaps no more.

        Raises NotFound while there is none that takes rows, or it is not kept online.
        """
        found = self._groups.get((project, name, version))
        if found is None or not set(having).issubset(found.names):
            catalogued = await group_of(self.pool, project, name, version)
            if catalogued is None or not catalogued.group.online:
                raise NotFound("online feature group", f"{name} version {version}")
            found = self._groups[(project, name, version)] = readable_group(catalogued)
            self._bodies[found.schema_id] = found.bodies
        return found

    async def vectors(
        self, project: str, name: str, version: int, entities: Sequence[Mapping[str, Any]]
    ) -> list[Vector]:
        """The vector of each entity, in order; raises NotFound, Invalid."""
        readable = await self.group(project, name, version)
        keys = [readable.key(entity) for entity in entities]
        async with self.pool.connection() as connection:
            (found,) = await self.read(connection, [(readable, keys)])
            return found

    async def read(self, connection: AsyncConnection[TupleRow], wanted: Sequence[Wanted]) -> list[list[Vector]]:
        """For each group the vector of each key, in order, with one statement for all of them."""
        asked = [
            (place, readable, list({key for key in keys if key is not None}))
            for place, (readable, keys) in enumerate(wanted)
        ]
        rows = await self._rows(connection, [one for one in asked if one[2]])
        now = time.time_ns() // 1000
        newest = {row[0]: row[-1] for row in rows}
        groups = [await self._newest(readable, newest.get(place)) for place, (readable, _) in enumerate(wanted)]
        found: list[dict[bytes | None, Vector]] = [{} for _ in wanted]
        for place, key, event_time, deleted, schema_id, body, _ in rows:
            written = None if deleted else (schema_id, self._bodies.get(schema_id) or await self._reading(schema_id))
            found[place][key] = _vector(groups[place], now, event_time, written, body)
        return [[of.get(key, _MISSING) for key in keys] for of, (_, keys) in zip(found, wanted, strict=True)]

    async def _rows(
        self, connection: AsyncConnection[TupleRow], asked: Sequence[tuple[int, ReadableGroup, list[bytes]]]
    ) -> list[TupleRow]:
        if not asked:
            return []
        groups = ((place, readable.group) for place, readable, _ in asked)
        statement = _statement(tuple((place, group.project, group.name, group.version) for place, group in groups))
        try:
            cursor = connection.cursor(binary=True)
            await cursor.execute(statement, [keys for *_, keys in asked], prepare=True)
            return await cursor.fetchall()
        except errors.UndefinedTable:
            if len(asked) == 1:
                await self._must_be_coming(asked[0][1].group)
                return []
            return [row for one in asked for row in await self._rows(connection, [one])]

    async def _must_be_coming(self, group: Group) -> None:
        """Raise NotFound where the table is not there because the group is no more; it may not be there yet, too."""
        if await group_of(self.pool, group.project, group.name, group.version) is None:
            self._groups.pop((group.project, group.name, group.version), None)
            raise NotFound("online feature group", f"{group.name} version {group.version}")

    async def _newest(self, readable: ReadableGroup, schema_id: int | None) -> ReadableGroup:
        """The group as it is since its newest schema is that one."""
        if schema_id is None or schema_id == readable.schema_id:
            return readable
        group = readable.group
        at = (group.project, group.name, group.version)
        if at in self._groups and self._groups[at].schema_id != schema_id:
            del self._groups[at]
        return await self.group(*at)

    async def _reading(self, schema_id: int) -> BodyReader:
        text = await schema_of(self.pool, schema_id)
        if text is None:
            raise NotFound("schema", str(schema_id))
        self._bodies[schema_id] = found = BodyReader(orjson.loads(text))
        return found


def _vector(
    readable: ReadableGroup, now: int, event_time: int, written: tuple[int, BodyReader] | None, body: bytes
) -> Vector:
    """What a stored row is now; a delete was written with no schema."""
    moment = _EPOCH + timedelta(microseconds=event_time)
    if written is None:
        return Vector(status=Status.DELETED, event_time=moment)
    ttl = readable.group.ttl_seconds
    if ttl is not None and event_time < now - ttl * 1_000_000:
        return Vector(status=Status.EXPIRED, event_time=moment)
    return Vector(status=Status.FOUND, values=values_of(readable, *written, body), event_time=moment)


@lru_cache(maxsize=1024)
def _statement(groups: tuple[tuple[int, str, str, int], ...]) -> bytes:
    """What reads keys from the tables of these groups (place, project, name, version); each row says its place."""
    parts = [
        _SELECT.format(place=place, project=project, name=name, version=version, table=table(project, name, version))
        for place, project, name, version in groups
    ]
    return sql.SQL(" UNION ALL ").join(parts).as_string().encode()


def values_of(readable: ReadableGroup, schema_id: int, bodies: BodyReader, body: bytes) -> dict[str, Any]:
    """The columns of a row that was written with that schema; what it lacks has its default, or is None."""
    row = bodies.read(body)
    if schema_id != readable.schema_id:
        row = {**readable.defaults, **row}
    elif bodies.names == readable.names:
        return row
    return {name: row.get(name) for name in readable.names}


def readable_group(catalogued: CataloguedGroup) -> ReadableGroup:
    """What reading the group's vectors takes, made once."""
    group = catalogued.group
    return ReadableGroup(
        group=group,
        key=key_maker(group),
        names=tuple(column.name for column in group.columns),
        schema_id=catalogued.schema_id,
        bodies=BodyReader(orjson.loads(catalogued.schema)),
        defaults=group.defaults,
    )
