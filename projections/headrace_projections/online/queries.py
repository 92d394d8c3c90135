"""Online features by key: what the API and the serving gateway read, over one pool of connections."""

import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import fastavro
import orjson
from psycopg import AsyncConnection, errors, sql
from psycopg.rows import TupleRow

from headrace_events.errors import NotFound
from headrace_projections.online.entities import key_of
from headrace_projections.online.tables import table
from headrace_projections.rows.catalogued import CataloguedGroup, Pool, group_of, schema_of
from headrace_projections.rows.groups import Group

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SELECT = sql.SQL(
    "SELECT key, event_time, deleted, schema_id, body, (SELECT schema_id FROM catalogue.feature_groups "
    "WHERE project = {project} AND name = {name} AND version = {version}) FROM {table} WHERE key = ANY(%s)"
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
    """A group, the statement that reads it, its newest schema parsed, and what rows of others have in its columns."""

    group: Group
    statement: bytes
    names: tuple[str, ...]
    schema_id: int
    schema: Any
    defaults: Mapping[str, Any]


class OnlineReader:
    """Reads vectors. Groups only grow until they are gone: they are asked for again when their rows say so.

    Made for one event loop.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self._groups: dict[tuple[str, str, int], ReadableGroup] = {}
        self._schemas: dict[int, Any] = {}

    async def group(self, project: str, name: str, version: int) -> ReadableGroup:
        """The group version; raises NotFound while there is none that takes rows, or it is not kept online."""
        found = self._groups.get((project, name, version))
        if found is None:
            catalogued = await group_of(self.pool, project, name, version)
            if catalogued is None or not catalogued.group.online:
                raise NotFound("online feature group", f"{name} version {version}")
            found = self._groups[(project, name, version)] = readable_group(catalogued)
            self._schemas[found.schema_id] = found.schema
        return found

    async def vectors(
        self, project: str, name: str, version: int, entities: Sequence[Mapping[str, Any]]
    ) -> list[Vector]:
        """The vector of each entity, in order; raises NotFound, Invalid."""
        readable = await self.group(project, name, version)
        keys = [key_of(readable.group, entity) for entity in entities]
        async with self.pool.connection() as connection:
            return await self.read(connection, readable, keys)

    async def read(
        self, connection: AsyncConnection[TupleRow], readable: ReadableGroup, keys: Sequence[bytes | None]
    ) -> list[Vector]:
        """The vector of each key, in order; no key, no vector."""
        wanted = list({key for key in keys if key is not None})
        rows: list[Any] = []
        if wanted:
            try:
                cursor = connection.cursor(binary=True)
                await cursor.execute(readable.statement, (wanted,), prepare=True)
                rows = await cursor.fetchall()
            except errors.UndefinedTable:
                await self._must_be_coming(readable.group)
                rows = []
        if rows:
            readable = await self._newest(readable, rows[0][-1])
        now = time.time_ns() // 1000
        found: dict[bytes | None, Vector] = {}
        for key, *row, _ in rows:
            found[key] = await self._vector(readable, now, row)
        missing = Vector(status=Status.MISSING)
        return [found.get(key, missing) for key in keys]

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

    async def _vector(self, readable: ReadableGroup, now: int, stored: Sequence[Any]) -> Vector:
        event_time, deleted, schema_id, body = stored
        moment = _EPOCH + timedelta(microseconds=event_time)
        if deleted:
            return Vector(status=Status.DELETED, event_time=moment)
        ttl = readable.group.ttl_seconds
        if ttl is not None and event_time < now - ttl * 1_000_000:
            return Vector(status=Status.EXPIRED, event_time=moment)
        schema = self._schemas.get(schema_id) or await self._parsed(schema_id)
        return Vector(status=Status.FOUND, values=values_of(readable, schema_id, schema, body), event_time=moment)

    async def _parsed(self, schema_id: int) -> Any:
        text = await schema_of(self.pool, schema_id)
        if text is None:
            raise NotFound("schema", str(schema_id))
        self._schemas[schema_id] = parsed = fastavro.parse_schema(orjson.loads(text))
        return parsed


def values_of(readable: ReadableGroup, schema_id: int, schema: Any, body: bytes) -> dict[str, Any]:
    """The columns of a row that was written with that (parsed) schema; what it lacks has its default, or is None."""
    row: Any = fastavro.schemaless_reader(io.BytesIO(body), schema, None)
    if schema_id != readable.schema_id:
        row = {**readable.defaults, **row}
    return {name: row.get(name) for name in readable.names}


def readable_group(catalogued: CataloguedGroup) -> ReadableGroup:
    """What reading the group's vectors takes, made once."""
    group = catalogued.group
    name = table(group.project, group.name, group.version)
    return ReadableGroup(
        group=group,
        statement=_SELECT.format(table=name, project=group.project, name=group.name, version=group.version)
        .as_string()
        .encode(),
        names=tuple(column.name for column in group.columns),
        schema_id=catalogued.schema_id,
        schema=fastavro.parse_schema(orjson.loads(catalogued.schema)),
        defaults=group.defaults,
    )
