"""Vectors of views that are kept ready, as the text of the answer: a row an entity, and nothing in it is decoded.

What the text says is what a reader of the groups would be told at the same moment; only whether a part counts now is
decided here, from its event time.
"""

import time
from collections.abc import Mapping, Sequence
from functools import lru_cache

import orjson
from psycopg import errors, sql
from psycopg.rows import TupleRow

from headrace_projections.online import vectors_table
from headrace_projections.online.as_json import as_json
from headrace_projections.online.queries import Status
from headrace_projections.online.view_vectors import (
    KEPT_S,
    Entry,
    ReadablePart,
    ReadableView,
    ViewReader,
    root_key,
    said_of,
    status_of,
)
from headrace_projections.rows.catalogued import Pool

At = tuple[str, str, int]
_READY = (
    b"SELECT name FROM online.view_vectors WHERE project = %s AND view = %s AND version = %s "
    b"GROUP BY name HAVING bool_and(filled)"
)


class ReadyVectors:
    """Reads what is kept ready of the views that a ViewReader knows. Made for one event loop."""

    def __init__(self, pool: Pool, views: ViewReader) -> None:
        self._pool = pool
        self._views = views
        self._names: dict[At, str | None] = {}
        self._until: dict[At, float] = {}

    async def told(
        self, project: str, name: str, version: int, entries: Sequence[Entry], passed: Sequence[Entry] = ()
    ) -> bytes | None:
        """The JSON of the view's features and the vector of each entry, in order, as the API answers.

        None where they are not kept ready, another project has a say, or what is asked for is to be refused: then a
        ViewReader answers. Raises NotFound, Invalid.
        """
        at = (project, name, version)
        kept = await self._kept(at)
        if kept is None:
            return None
        view = await self._views.view(*at)
        if view.borrowed:
            return None
        given: Sequence[Entry] = passed or [{}] * len(entries)
        if len(given) != len(entries) or not all(one.keys() <= view.places.keys() for one in given):
            return None
        keys = _keys(view, entries)
        if keys is None:
            return None
        try:
            rows = await self._rows(kept, len(_parts(view)), keys)
        except errors.UndefinedTable:
            self._until.pop(at, None)
            return None
        return answer(view, [rows.get(key) for key in keys], given, time.time_ns() // 1000)

    async def _kept(self, at: At) -> str | None:
        """The table in which everything is, if there is one."""
        now = time.monotonic()
        if self._until.get(at, 0.0) <= now:
            self._names[at] = await ready_table(self._pool, *at)
            self._until[at] = now + KEPT_S
        return self._names[at]

    async def _rows(self, name: str, parts: int, keys: Sequence[bytes | None]) -> Mapping[bytes | None, TupleRow]:
        asked = list({key for key in keys if key is not None})
        async with self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(_select(name, parts), (asked,), prepare=True)
            return {row[0]: row for row in await cursor.fetchall()}


async def ready_table(pool: Pool, project: str, name: str, version: int) -> str | None:
    """The table in which all vectors of the view are, or None where they are not kept ready, or not yet."""
    async with pool.connection() as connection:
        try:
            cursor = await connection.execute(_READY, (project, name, version), prepare=True)
            row = await cursor.fetchone()
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            return None
    return None if row is None else row[0]


def _keys(view: ReadableView, entries: Sequence[Entry]) -> list[bytes | None] | None:
    """The key that each entry names, None for one that names nothing; None for all where one is no whole key."""
    keys = []
    for entry in entries:
        if not entry.keys() <= view.known:
            return None
        key = root_key(view, entry)
        if key is None and any(value is not None for value in entry.values()):
            return None
        keys.append(key)
    return keys


@lru_cache(maxsize=1024)
def _select(name: str, parts: int) -> bytes:
    columns = [column(part) for part in range(parts) for column in (vectors_table.time, vectors_table.features)]
    select = sql.SQL("SELECT key, {} FROM {} WHERE key = ANY(%b)")
    return select.format(sql.SQL(", ").join(columns), vectors_table.table(name)).as_string().encode()


def answer(view: ReadableView, rows: Sequence[TupleRow | None], passed: Sequence[Entry], now: int) -> bytes:
    """The whole answer: of each row (key, then event time and features of each part) the vector as it counts now."""
    parts = _parts(view)
    oldest = [_oldest(part, now) for part in parts]
    sizes = tuple(len(part.features) for part in parts)
    before, after = _said((Status.FOUND,) * len(parts), sizes)
    vectors = []
    for row, given in zip(rows, passed, strict=True):
        if row is not None and not given and _whole(row, oldest):
            vectors.append(before + b",".join(row[2::2]) + after)
        else:
            vectors.append(_part_of(view, row, _statuses(row, oldest), sizes, given))
    features = as_json([column.name for column in view.columns])
    return b'{"features":' + features + b',"vectors":[' + b",".join(vectors) + b"]}"


def _parts(view: ReadableView) -> tuple[ReadablePart, ...]:
    """Those that give a feature: all but, perhaps, the root."""
    return tuple(part for part in view.parts if part.features)


def _oldest(part: ReadablePart, now: int) -> int | None:
    """The earliest event time that counts, if there is one."""
    lookback = part.join.lookback_seconds if part.join is not None else None
    bounds = [seconds for seconds in (part.readable.group.ttl_seconds, lookback) if seconds is not None]
    return now - min(bounds) * 1_000_000 if bounds else None


def _whole(row: TupleRow, oldest: Sequence[int | None]) -> bool:
    """Whether every part is there and counts."""
    return None not in row and all(bound is None or at >= bound for at, bound in zip(row[1::2], oldest, strict=True))


def _part_of(
    view: ReadableView, row: TupleRow | None, statuses: tuple[Status, ...], sizes: tuple[int, ...], passed: Entry
) -> bytes:
    """A vector of which something is not there, or is what the caller says."""
    texts = b",".join(
        [
            row[place] if row is not None and status is Status.FOUND else _nulls(size)
            for place, status, size in zip(range(2, 2 * len(sizes) + 1, 2), statuses, sizes, strict=True)
        ]
    )
    if passed:
        return _with_passed(view.places, texts, list(said_of(statuses, sizes)[1]), passed)
    before, after = _said(statuses, sizes)
    return before + texts + after


def _statuses(row: TupleRow | None, oldest: Sequence[int | None]) -> tuple[Status, ...]:
    """What each part of a row is now."""
    if row is None:
        return (Status.MISSING,) * len(oldest)
    return tuple(
        Status.MISSING
        if at is None
        else Status.DELETED
        if text is None
        else Status.EXPIRED
        if bound is not None and at < bound
        else Status.FOUND
        for at, text, bound in zip(row[1::2], row[2::2], oldest, strict=True)
    )


@lru_cache(maxsize=4096)
def _nulls(size: int) -> bytes:
    return b",".join([b"null"] * size)


@lru_cache(maxsize=4096)
def _said(statuses: tuple[Status, ...], sizes: tuple[int, ...]) -> tuple[bytes, bytes]:
    """What stands before and after the values of a vector whose parts have these statuses."""
    whole, each = said_of(statuses, sizes)
    return b'{"status":' + as_json(whole) + b',"values":[', b'],"statuses":' + as_json(each) + b"}"


def _with_passed(places: Mapping[str, int], texts: bytes, each: list[Status], passed: Entry) -> bytes:
    """A vector in which some features are what the caller says."""
    values = orjson.loads(b"[" + texts + b"]")
    for name, value in passed.items():
        values[places[name]], each[places[name]] = value, Status.PASSED
    return as_json({"status": status_of(each), "values": values, "statuses": each})
