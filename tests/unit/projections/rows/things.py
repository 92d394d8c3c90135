"""A feature group for tests of rows, and records as the log would hold them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import fastavro

from headrace_broker.record import Record
from headrace_events.entity_key import encode_key
from headrace_events.row_schema import Column, row_schema
from headrace_projections.rows.groups import Group
from headrace_schemas.framing import frame

SCHEMA_ID = 10_001
COLUMNS = (
    Column(name="id", type="string"),
    Column(name="at", type="timestamp"),
    Column(name="number", type="bigint"),
    Column(name="small", type="int"),
    Column(name="share", type="double"),
    Column(name="part", type="float"),
    Column(name="good", type="boolean"),
    Column(name="note", type="string"),
    Column(name="raw", type="binary"),
    Column(name="day", type="date"),
)
TEXT = row_schema("shop", "things", 1, COLUMNS, ("id", "at"))
SCHEMA = fastavro.parse_schema(json.loads(TEXT))
SCHEMAS = {SCHEMA_ID: TEXT}


def group(
    name: str = "things",
    columns: Sequence[Column] = COLUMNS,
    primary_key: Sequence[str] = ("id",),
    event_time: str | None = "at",
    partitions: int = 2,
) -> Group:
    """A group of project `shop`."""
    return Group(
        project="shop",
        name=name,
        version=1,
        columns=tuple(columns),
        primary_key=tuple(primary_key),
        event_time=event_time,
        online=True,
        offline=True,
        ttl_seconds=None,
        subject=f"{name}_1",
        topic=f"shop.features.{name}.1",
        topic_id=f"id-of-{name}",
        partitions=partitions,
    )


THINGS = group()


def body(row: Mapping[str, Any], schema: Any = SCHEMA) -> bytes:
    """The row's Avro bytes without framing."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, dict(row))
    return out.getvalue()


def record(
    row: Mapping[str, Any] | None,
    offset: int,
    *,
    key: bytes | None = None,
    value: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timestamp: int = 1_700_000_000_000,
    partition: int = 0,
    of: Group = THINGS,
) -> Record:
    """A record: of a row, or with the key and value given."""
    if row is not None:
        key = encode_key(of.key_types, [row[name] for name in of.primary_key]) if key is None else key
        value = frame(SCHEMA_ID) + body(row) if value is None else value
    return Record(
        topic=of.topic,
        topic_id=of.topic_id,
        partition=partition,
        offset=offset,
        key=key,
        value=value,
        headers=headers or {},
        timestamp=timestamp,
    )


def delete(entity: str, offset: int, event_time: int | str | None, **given: Any) -> Record:
    """A record that deletes an entity as of a time."""
    headers = {} if event_time is None else {"headrace_event_time": str(event_time)}
    return record(
        None, offset, key=encode_key(("string",), (entity,)), headers={**headers, **given.pop("headers", {})}, **given
    )
