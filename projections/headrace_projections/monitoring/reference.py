"""What the windows of a deployment are compared with, and its record on the derived topic."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas
from headrace_schemas.errors import Undecodable
from headrace_schemas.records import from_record, to_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The bins of every monitored value of a deployment, and what the training data holds in them.

    A value v is in bin i when i of its edges are below v; n edges make n + 1 bins. A value without `counts` has bins
    but nothing to compare with. `problem` says why there is no training data, if so.
    """

    project: str
    deployment: str
    model: str
    model_version: int
    window_seconds: int
    edges: Mapping[str, tuple[float, ...]]
    counts: Mapping[str, tuple[int, ...]]
    missing: Mapping[str, int]
    rows: int
    problem: str | None = None
    source: str

    @property
    def key(self) -> bytes:
        """The record's key."""
        return reference_key(self.project, self.deployment)


def reference_key(project: str, deployment: str) -> bytes:
    """The primary key as Flink's JSON format writes and reads it."""
    return json.dumps({"project": project, "deployment": deployment}, separators=(",", ":")).encode()


def reference_place(key: bytes) -> tuple[str, str]:
    """The project and the deployment that a reference of this key belongs to."""
    parts = json.loads(key)
    return parts["project"], parts["deployment"]


class ReferenceCodec:
    """References ⇄ bytes."""

    def __init__(self) -> None:
        self._records = RecordCodec(ShippedSchemas())
        self._schema_id = schema_id("derived/reference.v1.avsc")

    def encode(self, reference: Reference) -> bytes:
        """The framed bytes; raises DoesNotFit."""
        return self._records.encode(self._schema_id, to_record(reference))

    def decode(self, payload: bytes) -> Reference:
        """The reference; raises SchemaError."""
        record = self._records.decode(payload)
        try:
            reference: Reference = from_record(Reference, record)
        except (TypeError, ValueError, KeyError) as error:
            raise Undecodable(f"this is not a reference: {error}") from error
        return reference
