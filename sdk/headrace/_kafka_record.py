"""A record on a topic as people see it: decoded where that is possible, and shown as it is where not."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import confluent_kafka

from headrace._errors import HeadraceError, Unreachable
from headrace._json_records import to_json
from headrace._schemas import Schemas


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaRecord:
    """A record on a topic.

    `key` and `value` are what Avro says, else text, else bytes; a value of None is a tombstone, unless `error` says why
    the bytes in `raw` are no record. `time` is when the log took it.
    """

    topic: str
    partition: int
    offset: int
    time: datetime | None
    key: Any
    value: Any
    headers: Mapping[str, str]
    error: str | None = None
    raw: bytes | None = field(default=None, repr=False)

    def to_json(self) -> dict[str, Any]:
        """The record as JSON has it: times as ISO 8601, decimals as text, bytes as base64."""
        shown = {
            "topic": self.topic,
            "partition": self.partition,
            "offset": self.offset,
            "time": to_json(self.time),
            "key": to_json(self.key),
            "value": to_json(self.value),
            "headers": dict(self.headers),
        }
        if self.error is not None:
            shown |= {"error": self.error, "raw": to_json(self.raw)}
        return shown


class Reading:
    """Makes records of messages; a schema that cannot be had is asked for once."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._missing: dict[bytes, str] = {}

    def record(self, message: confluent_kafka.Message) -> KafkaRecord:
        """The message as a record, whatever is in it; raises Unreachable where schemas cannot be asked for."""
        key, _ = self._read(_bytes(message.key()), otherwise="bytes")
        raw = _bytes(message.value())
        value, error = self._read(raw)
        kind, milliseconds = message.timestamp()
        time = (
            datetime.fromtimestamp(milliseconds / 1000, UTC)
            if kind != confluent_kafka.TIMESTAMP_NOT_AVAILABLE
            else None
        )
        headers: Any = message.headers() or ()
        return KafkaRecord(
            topic=str(message.topic()),
            partition=message.partition() or 0,
            offset=message.offset() or 0,
            time=time,
            key=key,
            value=value,
            headers={name: _text(content) for name, content in headers},
            error=error,
            raw=raw,
        )

    def _read(self, payload: bytes | None, otherwise: str = "error") -> tuple[Any, str | None]:
        """What the bytes say, and why they say nothing; with `otherwise` bytes they are taken as such."""
        if payload is None:
            return None, None
        reason = "neither Avro nor text"
        if payload[:1] == b"\0":
            try:
                return self._decoded(payload), None
            except Unreachable:
                raise
            except HeadraceError as error:
                reason = error.message
        else:
            try:
                return payload.decode(), None
            except UnicodeDecodeError:
                pass
        return (payload, None) if otherwise == "bytes" else (None, reason)

    def _decoded(self, payload: bytes) -> Any:
        head = payload[:5]
        if head in self._missing:
            raise HeadraceError(self._missing[head])
        try:
            return self._schemas.read(payload)
        except HeadraceError as error:
            if error.code != "undecodable" and not isinstance(error, Unreachable):
                self._missing[head] = error.message
            raise


def _bytes(content: Any) -> bytes | None:
    return content.encode() if isinstance(content, str) else content


def _text(content: Any) -> str:
    """A header as text: UTF-8, else base64."""
    if content is None:
        return ""
    payload = content if isinstance(content, bytes) else str(content).encode()
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return base64.b64encode(payload).decode()
