"""An edge of the lineage graph, and its record on the derived topic."""

import json
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

    def ended(self, by: Recorded) -> "Edge":
        """The edge after its target was deleted."""
        return replace(self, until_seq=by.seq, until=by.time, position=str(by.at))


class EdgeCodec:
    """Edges ⇄ bytes."""

    def __init__(self) -> None:
        self._records = RecordCodec(ShippedSchemas())
        self._schema_id = schema_id("derived/edge.v1.avsc")

    def encode(self, edge: Edge) -> bytes:
        """The framed bytes; equal edges have equal bytes."""
        record: dict[str, Any] = {
            "project": edge.project,
            "source": str(edge.source),
            "target": str(edge.target),
            "kind": edge.kind,
            "since_seq": edge.since_seq,
            "since": edge.since,
            "until_seq": edge.until_seq,
            "until": edge.until,
            "actor": edge.actor,
            "position": edge.position,
        }
        return self._records.encode(self._schema_id, record)

    def decode(self, payload: bytes) -> Edge:
        """The edge; raises SchemaError."""
        record = self._records.decode(payload)
        try:
            return Edge(
                project=ProjectName(record["project"]),
                source=Node.parse(record["source"]),
                target=Node.parse(record["target"]),
                kind=record["kind"],
                since_seq=record["since_seq"],
                since=_micros(record["since"]),
                until_seq=record["until_seq"],
                until=None if record["until"] is None else _micros(record["until"]),
                actor=record["actor"],
                position=record["position"],
            )
        except (KeyError, ValueError) as error:
            raise Undecodable(f"the record is not an edge: {error!r}") from error


def _micros(moment: datetime) -> Micros:
    return Micros((moment - _EPOCH) // timedelta(microseconds=1))
