"""An edge of the lineage graph, and its record on the derived topic."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from headrace_events.envelope import Recorded
from headrace_events.ids import Micros, ProjectName
from headrace_projections.lineage.node import Node
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas
from headrace_schemas.errors import Undecodable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`source` went into `target` at sequence number `since_seq` of the project.

    `until_seq` is set where the target has been deleted since. `position` is the event that said so last, in full:
    `<topic id>:<partition>:<offset>`. Times are microseconds UTC.
    """

    project: ProjectName
    source: Node
    target: Node
    kind: str
    since_seq: int
    since: Micros
    until_seq: int | None = None
    until: Micros | None = None
    actor: str
    position: str

    @property
    def key(self) -> bytes:
        """The primary key as canonical JSON: the record's key."""
        parts = {
            "project": self.project,
            "source": str(self.source),
            "target": str(self.target),
            "kind": self.kind,
        }
        return json.dumps(parts, separators=(",", ":")).encode()

    @property
    def version(self) -> int:
        """Grows with every change of the edge, whichever topic it was read from."""
        return self.since_seq if self.until_seq is None else self.until_seq

    def as_record(self) -> dict[str, Any]:
        """The edge as a flat record, nodes as texts: so it lies on the derived topic and in the index."""
        return {
            "project": self.project,
            "source": str(self.source),
            "target": str(self.target),
            "kind": self.kind,
            "since_seq": self.since_seq,
            "since": self.since,
            "until_seq": self.until_seq,
            "until": self.until,
            "actor": self.actor,
            "position": self.position,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Edge":
        """The edge of such a record; raises KeyError, ValueError."""
        return cls(
            project=ProjectName(record["project"]),
            source=Node.parse(record["source"]),
            target=Node.parse(record["target"]),
            kind=record["kind"],
            since_seq=record["since_seq"],
            since=Micros(record["since"]),
            until_seq=record["until_seq"],
            until=None if record["until"] is None else Micros(record["until"]),
            actor=record["actor"],
            position=record["position"],
        )

    def ended(self, by: Recorded) -> "Edge":
        """The edge after its target was deleted."""
        return replace(self, until_seq=by.seq, until=by.time, position=str(by.at))


def project_of(key: bytes) -> str:
    """The project that the edge of this key belongs to."""
    return str(json.loads(key)["project"])


def document_of(key: bytes) -> str:
    """What the edge of this key is called among the documents."""
    parts = json.loads(key)
    return f"{parts['project']}/{parts['source']} {parts['kind']} {parts['target']}"


class EdgeCodec:
    """Edges ⇄ bytes."""

    def __init__(self) -> None:
        self._records = RecordCodec(ShippedSchemas())
        self._schema_id = schema_id("derived/edge.v1.avsc")

    def encode(self, edge: Edge) -> bytes:
        """The framed bytes; equal edges have equal bytes."""
        return self._records.encode(self._schema_id, edge.as_record())

    def decode(self, payload: bytes) -> Edge:
        """The edge; raises SchemaError."""
        record = self._records.decode(payload)
        try:
            until = None if record["until"] is None else _micros(record["until"])
            return Edge.from_record({**record, "since": _micros(record["since"]), "until": until})
        except (KeyError, ValueError) as error:
            raise Undecodable(f"the record is not an edge: {error!r}") from error


def _micros(moment: datetime) -> Micros:
    return Micros((moment - _EPOCH) // timedelta(microseconds=1))
