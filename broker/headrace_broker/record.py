"""A record of the log, and its headers in both directions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from headrace_events.envelope import Position

Headers = Mapping[str, str]
NO_HEADERS: Headers = MappingProxyType({})


class Record(NamedTuple):
    """What a reader gets: `timestamp` is when the log took it, in milliseconds UTC.

    A tuple, since readers make more of these than of anything else, and a frozen dataclass takes four times as long.
    """

    topic: str
    topic_id: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = NO_HEADERS
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


def read_headers(raw: Sequence[tuple[str, bytes | None]] | None) -> dict[str, str]:
    """Kafka's headers as text; the last one of a name counts, and undecodable bytes are shown escaped."""
    if not raw:
        return {}
    return {name: (text or b"").decode("utf-8", "backslashreplace") for name, text in raw}


def write_headers(headers: Headers) -> list[tuple[str, bytes]]:
    """Headers as Kafka takes them."""
    return [(name, text.encode()) for name, text in headers.items()]
