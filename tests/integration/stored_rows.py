"""What the online and the offline store hold of a group, and rows to be written to it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Any

import polars as pl
import psycopg
import pyarrow as pa
from psycopg import sql
from tests.integration.row_log import MadeGroup, RowLog
from tests.integration.stack import RunningStack

from headrace_broker.follower import Follower
from headrace_projections.offline.queries import arrow_stream
from headrace_projections.online.tables import table
from headrace_projections.rows.groups import Group


def positions(stack: RunningStack, store: str, of: Group) -> dict[int, int]:
    """Partition → how far the store has come."""
    place = sql.Identifier(store, {"online": "checkpoint", "offline": "progress"}[store])
    with psycopg.connect(stack.postgres_dsn) as database:
        query = sql.SQL("SELECT partition, next_offset FROM {} WHERE topic_id = %s").format(place)
        try:
            return dict(database.execute(query, (of.topic_id,)).fetchall())
        except psycopg.errors.UndefinedTable:
            return {}


def ends(log: RowLog, of: Group) -> dict[int, int]:
    """The offsets after the last records of the topic."""
    follower = Follower(log.connection)
    follower.follow(dict.fromkeys(of.places, 0))
    found = {where.partition: follower.end(where) for where in of.places}
    follower.close()
    return {number: end for number, end in found.items() if end}


def online(stack: RunningStack, of: Group) -> dict[bytes, tuple[Any, ...]]:
    """Key → event time, offset, deleted, body."""
    query = sql.SQL("SELECT key, event_time, log_offset, deleted, body FROM {}")
    with psycopg.connect(stack.postgres_dsn) as database:
        rows = database.execute(query.format(table(of.project, of.name, of.version))).fetchall()
    return {bytes(row[0]): (row[1], row[2], row[3], bytes(row[4])) for row in rows}


def offline(storage: str, of: Group, *, history: bool = True) -> pl.DataFrame:
    """Every row, or the last one of each key."""
    frame = pl.from_arrow(pa.ipc.open_stream(b"".join(arrow_stream(storage, of, history=history))).read_all())
    assert isinstance(frame, pl.DataFrame)
    return frame


def endless_rows(keys: int, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of so many keys, numbered, their event times in no order."""
    chance = random.Random(seed)  # noqa: S311 - a chance that repeats
    for number in count():
        yield {
            "id": f"k{chance.randrange(keys)}",
            "at": 1_700_000_000_000_000 + chance.randrange(10**9),
            "number": number,
            "share": chance.random(),
            "note": None if number % 7 == 0 else f"n{number}",
        }


def rows_of(count: int, keys: int, seed: int) -> list[dict[str, Any]]:
    """So many of them."""
    return list(islice(endless_rows(keys, seed), count))


def last_values(made: MadeGroup, rows: Sequence[Mapping[str, Any]]) -> dict[bytes, bytes]:
    """Key → body of the last row by event time (all known at different times)."""
    last: dict[bytes, tuple[int, bytes]] = {}
    for row in rows:
        key = made.key(row)
        if key not in last or last[key][0] < row["at"]:
            last[key] = (row["at"], made.value(row)[5:])
    return {key: body for key, (_, body) in last.items()}
