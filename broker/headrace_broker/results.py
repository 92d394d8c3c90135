"""What became of a command, as the command processor writes it and its sender reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace_events.errors import KINDS, Refusal
from headrace_events.ids import CommandId
from headrace_schemas.catalogue import schema_id
from headrace_schemas.codec import RecordCodec, ShippedSchemas
from headrace_schemas.errors import Undecodable
from headrace_schemas.framing import schema_id_of
from headrace_schemas.records import from_record, to_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Accepted: the ids and positions of the events, and the aggregate's new version. Refused: kind, code, message."""

    command_id: CommandId
    accepted: bool
    aggregate: str = ""
    version: int = 0
    events: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    kind: str = ""
    code: str = ""
    message: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def refused(cls, command_id: CommandId, refusal: Refusal) -> "Result":
        """The result of a refused command."""
        return cls(
            command_id=command_id,
            accepted=False,
            kind=refusal.kind,
            code=refusal.code,
            message=refusal.message,
            details=refusal.details,
        )

    def raise_if_refused(self) -> "Result":
        """Itself; raises the Refusal again where there was one."""
        if self.accepted:
            return self
        refusal = Refusal(self.code, self.message, self.details)
        refusal.__class__ = KINDS.get(self.kind, Refusal)
        raise refusal


class ResultCodec:
    """Results ⇄ bytes."""

    def __init__(self) -> None:
        self._records = RecordCodec(ShippedSchemas())
        self._schema_id = schema_id("results/result.v1.avsc")

    def encode(self, result: Result) -> bytes:
        """The framed bytes."""
        return self._records.encode(self._schema_id, to_record(result))

    def decode(self, payload: bytes) -> Result:
        """The result; raises SchemaError."""
        if schema_id_of(payload) != self._schema_id:
            raise Undecodable("these bytes are not a result")
        result: Result = from_record(Result, self._records.decode(payload))
        return result
