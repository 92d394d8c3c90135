"""Bytes ⇄ commands and events: Confluent framing, the writer's schema by id, upcasting on read."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import fastavro

from headrace_events.language import Command, Event
from headrace_schemas.catalogue import published
from headrace_schemas.errors import DoesNotFit, Undecodable, UnknownEvent, UnknownSchema
from headrace_schemas.framing import HEAD_BYTES, frame, schema_id_of
from headrace_schemas.records import from_record, to_record
from headrace_schemas.upcasters import upcast


class Schemas(Protocol):
    """Where the schema of an id is found."""

    def text(self, schema_id: int) -> str:
        """The schema as JSON text; raises UnknownSchema."""
        ...


@dataclass(slots=True)
class ShippedSchemas:
    """The schemas of the manifest, and whatever else was added while running."""

    added: dict[int, str] = field(default_factory=dict)

    def text(self, schema_id: int) -> str:
        """The schema as JSON text; raises UnknownSchema."""
        if schema_id in self.added:
            return self.added[schema_id]
        found = published().get(schema_id)
        if found is None:
            raise UnknownSchema(schema_id)
        return found.text


def _parse(text: str) -> Any:
    try:
        return fastavro.parse_schema(json.loads(text), named_schemas={})
    except Exception as error:
        raise Undecodable(f"the schema cannot be parsed: {error}") from error


class RecordCodec:
    """Plain records of any schema: rows, predictions, outcomes, results."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._parsed: dict[int, Any] = {}

    def schema(self, schema_id: int) -> Any:
        """The parsed schema; raises UnknownSchema."""
        parsed = self._parsed.get(schema_id)
        if parsed is None:
            parsed = self._parsed[schema_id] = _parse(self._schemas.text(schema_id))
        return parsed

    def encode(self, schema_id: int, record: Mapping[str, Any]) -> bytes:
        """The framed bytes; raises DoesNotFit naming the field, UnknownSchema."""
        out = io.BytesIO()
        out.write(frame(schema_id))
        try:
            fastavro.schemaless_writer(out, self.schema(schema_id), record)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise DoesNotFit(f"the record does not fit schema {schema_id}: {error!r}") from error
        return out.getvalue()

    def decode(self, payload: bytes) -> dict[str, Any]:
        """The record; raises Undecodable, UnknownSchema."""
        schema = self.schema(schema_id_of(payload))
        body = io.BytesIO(payload)
        body.seek(HEAD_BYTES)
        try:
            record: Any = fastavro.schemaless_reader(body, schema, None)
        except Exception as error:
            raise Undecodable(f"the body does not follow its schema: {error!r}") from error
        if body.tell() != len(payload):
            raise Undecodable(f"{len(payload) - body.tell()} bytes are left over after the record")
        if not isinstance(record, dict):
            raise Undecodable("the schema is not that of a record")
        return record


class MessageCodec:
    """Commands and events, by the shipped schemas alone."""

    def __init__(self) -> None:
        self._records = RecordCodec(ShippedSchemas())
        self._newest: dict[type[Command] | type[Event], int] = {}
        self._classes: dict[int, tuple[type[Command] | type[Event], int]] = {}
        for entry in sorted(published().values(), key=lambda entry: entry.version):
            if entry.message is not None:
                self._newest[entry.message] = entry.schema_id
                self._classes[entry.schema_id] = (entry.message, entry.version)

    def schema_id(self, cls: type[Command] | type[Event]) -> int:
        """The id of the newest schema of a class."""
        return self._newest[cls]

    def encode(self, message: Command | Event) -> bytes:
        """The framed bytes of a command or event; raises DoesNotFit."""
        return self._records.encode(self._newest[type(message)], to_record(message))

    def decode_command(self, payload: bytes) -> Command:
        """The command; raises Undecodable, UnknownSchema."""
        command: Command = self._decode(payload, Command)
        return command

    def decode_event(self, payload: bytes) -> Event:
        """The event; raises Undecodable, UnknownSchema, UnknownEvent."""
        event: Event = self._decode(payload, Event)
        return event

    def _decode(self, payload: bytes, wanted: type[Any]) -> Any:
        schema_id = schema_id_of(payload)
        found = self._classes.get(schema_id)
        if found is None:
            text = published().get(schema_id)
            raise UnknownEvent(text.name) if text else UnknownSchema(schema_id)
        cls, version = found
        if not issubclass(cls, wanted):
            raise Undecodable(f"{cls.__name__} is not {wanted.__name__.lower()}")
        record = upcast(cls, version, self._records.decode(payload))
        try:
            return from_record(cls, record)
        except (TypeError, ValueError, KeyError) as error:
            raise Undecodable(f"{cls.__name__} cannot hold its record: {error}") from error
