"""Avro with the project's schema registry: Confluent framing, the writer's schema by id."""

import io
import json
import struct
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import fastavro
from fastavro import _read_py as in_python

from headrace._errors import Invalid, NotFound
from headrace._http import Api

_HEAD = struct.Struct(">bI")
_UNREADABLE = (
    ValueError,
    TypeError,
    EOFError,
    LookupError,
    StopIteration,
    ArithmeticError,
    RecursionError,
    MemoryError,
)


class FramedAvro(ABC):
    """Records as framed bytes, by schemas that are looked up once each. Safe to share between threads."""

    def __init__(self) -> None:
        self._parsed: dict[int, Any] = {}
        self._readers: dict[int, Callable[..., Any]] = {}
        self._lock = threading.Lock()

    @abstractmethod
    def _text(self, schema_id: int) -> str:
        """The schema of that id, with all that it refers to written out; raises HeadraceError."""

    def schema(self, schema_id: int) -> Any:
        """The parsed schema of that id; raises HeadraceError."""
        with self._lock:
            if schema_id not in self._parsed:
                parsed = _parse(schema_id, self._text(schema_id))
                # The compiled reader knows no bound on how deep a record is: the process would end with its stack.
                deep = _is_recursive(parsed, frozenset())
                self._readers[schema_id] = in_python.schemaless_reader if deep else fastavro.schemaless_reader
                self._parsed[schema_id] = parsed
            return self._parsed[schema_id]

    def encode(self, schema_id: int, record: Mapping[str, Any]) -> bytes:
        """The framed bytes of a record; raises Invalid where it does not fit."""
        out = io.BytesIO()
        out.write(_HEAD.pack(0, schema_id))
        try:
            fastavro.schemaless_writer(out, self.schema(schema_id), record, strict_allow_default=True)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise Invalid(f"the record does not fit schema {schema_id}: {error}", code="does-not-fit") from error
        return out.getvalue()

    def decode(self, payload: bytes) -> dict[str, Any]:
        """The record of framed bytes; raises Invalid where they are none."""
        record = self.read(payload)
        if not isinstance(record, dict):
            raise Invalid("the schema is not that of a record", code="undecodable")
        return record

    def read(self, payload: bytes) -> Any:
        """What framed bytes say, a record or not; raises Invalid where they say nothing."""
        if len(payload) < _HEAD.size or payload[0] != 0:
            raise Invalid("the bytes have no Confluent framing", code="undecodable")
        schema_id = _HEAD.unpack_from(payload)[1]
        schema = self.schema(schema_id)
        body = io.BytesIO(payload[_HEAD.size :])
        try:
            value: Any = self._readers[schema_id](body, schema, None)
        except _UNREADABLE as error:
            raise Invalid(f"the body does not follow its schema: {error!r}", code="undecodable") from error
        if rest := len(payload) - _HEAD.size - body.tell():
            raise Invalid(f"{rest} bytes are left over after the record", code="undecodable")
        return value


class Schemas(FramedAvro):
    """The schemas of a project, as its registry has them."""

    def __init__(self, api: Api, project: str) -> None:
        super().__init__()
        self._api = api
        self._path = f"/api/projects/{project}/registry"
        self._latest: dict[str, int] = {}

    def _text(self, schema_id: int) -> str:
        return str(self._api.get(f"{self._path}/schemas/ids/{schema_id}", format="resolved")["schema"])

    def latest(self, subject: str) -> int:
        """The id of the subject's newest schema, as it was when first asked for; raises HeadraceError."""
        with self._lock:
            if subject not in self._latest:
                path = f"{self._path}/subjects/{quote(subject, safe='')}/versions/latest"
                self._latest[subject] = int(self._api.get(path)["id"])
            return self._latest[subject]


class GivenSchemas(FramedAvro):
    """Schemas that were handed over, and no others."""

    def __init__(self, texts: Mapping[int, str]) -> None:
        super().__init__()
        self._texts = texts

    def _text(self, schema_id: int) -> str:
        if schema_id not in self._texts:
            raise NotFound(f"schema {schema_id} was not there when the trial's rung began", code="schema-not-found")
        return self._texts[schema_id]


def _parse(schema_id: int, text: str) -> Any:
    try:
        return fastavro.parse_schema(json.loads(text), named_schemas={})
    except (fastavro.schema.SchemaParseException, *_UNREADABLE) as error:
        raise Invalid(f"schema {schema_id} cannot be used here: {error!r}", code="unusable-schema") from error


def _is_recursive(schema: Any, within: frozenset[str]) -> bool:
    """Whether a record of the parsed schema can hold one of its own kind; `within` are the types around this one."""
    if isinstance(schema, str):
        return schema in within
    if isinstance(schema, list):
        return any(_is_recursive(branch, within) for branch in schema)
    inside = within | {schema["name"]} if "name" in schema else within
    inner = [schema.get("items", "null"), schema.get("values", "null"), schema["type"]]
    inner += [field["type"] for field in schema.get("fields", ())]
    return any(_is_recursive(one, inside) for one in inner)
