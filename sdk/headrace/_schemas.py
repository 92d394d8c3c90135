"""Avro with the project's schema registry: Confluent framing, the writer's schema by id."""

import io
import json
import struct
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import fastavro

from headrace._errors import Invalid
from headrace._http import Api

_HEAD = struct.Struct(">bI")


class Schemas:
    """The schemas of a project, read once each. Safe to share between threads."""

    def __init__(self, api: Api, project: str) -> None:
        self._api = api
        self._path = f"/api/projects/{project}/registry"
        self._parsed: dict[int, Any] = {}
        self._latest: dict[str, int] = {}
        self._lock = threading.Lock()

    def schema(self, schema_id: int) -> Any:
        """The parsed schema of that id; raises HeadraceError."""
        with self._lock:
            if schema_id not in self._parsed:
                text = self._api.get(f"{self._path}/schemas/ids/{schema_id}", format="resolved")["schema"]
                self._parsed[schema_id] = fastavro.parse_schema(json.loads(text), named_schemas={})
            return self._parsed[schema_id]

    def latest(self, subject: str) -> int:
        """The id of the subject's newest schema, as it was when first asked for; raises HeadraceError."""
        with self._lock:
            if subject not in self._latest:
                path = f"{self._path}/subjects/{quote(subject, safe='')}/versions/latest"
                self._latest[subject] = int(self._api.get(path)["id"])
            return self._latest[subject]

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
        if len(payload) < _HEAD.size or payload[0] != 0:
            raise Invalid("the bytes have no Confluent framing", code="undecodable")
        schema = self.schema(_HEAD.unpack_from(payload)[1])
        body = io.BytesIO(payload[_HEAD.size :])
        try:
            record: Any = fastavro.schemaless_reader(body, schema, None)
        except (ValueError, TypeError, EOFError, IndexError, KeyError, StopIteration) as error:
            raise Invalid(f"the body does not follow its schema: {error!r}", code="undecodable") from error
        if not isinstance(record, dict):
            raise Invalid("the schema is not that of a record", code="undecodable")
        return record
