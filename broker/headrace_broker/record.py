"""A record of the log, and its headers in both directions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace_events.envelope import Position

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a reader gets: `timestamp` is when the log took it, in milliseconds UTC."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = field(default_factory=dict)
    timestamp: int = 0

    @property
    def at(self) -> Position:
        """Where it is."""
        return Position(self.topic_id, self.partition, self.offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a writer gives; a value of None is a tombstone."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = field(default_factory=dict)
    partition: int | None = None


def read_headers(raw: list[tuple[str, bytes | None]] | None) -> dict[str, str]:
    """Kafka's headers as text; the last one of a name counts, and undecodable bytes are shown escaped."""
    if not raw:
        return {}
    return {name: (text or b"").decode("utf-8", "backslashreplace") for name, text in raw}


def write_headers(headers: Headers) -> list[tuple[str, bytes]]:
    """Headers as Kafka takes them."""
    return [(name, text.encode()) for name, text in headers.items()]
