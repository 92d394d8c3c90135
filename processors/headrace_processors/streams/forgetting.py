"""Taking back what was derived for streaming feature groups that are no more: a tombstone under every key of theirs.

Nobody remembers those keys, so the topics are read from their beginning, a little at each step. The definition goes
last: as long as it is there without its group, a later session begins again.
"""

import json
from collections.abc import Iterable
from typing import Any

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.errors import Missing
from headrace_broker.follower import Follower, Partition
from headrace_broker.record import Entry, Record
from headrace_broker.topics import READINGS, STREAMS, TICKS
from headrace_broker.transactions import TransactionalWriter


def places_of(connection: Connection, *topics: str) -> list[Partition]:
    """Every partition of these internal topics; raises Missing."""
    found = Admin(connection).topic_ids(topics)
    missing = [topic for topic in topics if topic not in found]
    if missing:
        raise Missing(f"{', '.join(missing)} does not exist: prepare the log first")
    return [Partition(topic, found[topic][0], number) for topic in topics for number in range(found[topic][1])]


def of_definition(key: bytes | None) -> bytes:
    """The key of the definition that a record belongs to, by the record's own key."""
    found: dict[str, Any] = json.loads(key or b"{}")
    belongs = {name: found[name] for name in ("project", "feature_group")}
    return json.dumps(belongs, separators=(",", ":")).encode()


def tombstones(records: Iterable[Record], definitions: set[bytes]) -> list[Entry]:
    """What takes back the records that belong to these."""
    return [
        Entry(topic=record.topic, key=record.key, value=None)
        for record in records
        if record.value is not None and of_definition(record.key) in definitions
    ]


class Forgetting:
    """The definitions that are to be taken back, with all that belongs to them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._due: set[bytes] = set()
        self._swept: set[bytes] = set()
        self._follower: Follower | None = None

    def add(self, definition: bytes) -> None:
        """Nothing is derived for this one any more."""
        self._due.add(definition)

    @property
    def due(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._due)

    def step(self, writer: TransactionalWriter) -> None:
        """Take some of it back. Raises BrokerError."""
        if not self._due:
            return
        if self._follower is None:
            self._swept = set(self._due)
            self._follower = Follower(self._connection)
            self._follower.follow(dict.fromkeys(places_of(self._connection, READINGS, TICKS), 0))
        gone = tombstones(self._follower.poll(seconds=0.05).records, self._swept)
        ended = not gone and self._follower.at_end()
        if ended:
            gone = [Entry(topic=STREAMS, key=key, value=None) for key in sorted(self._swept)]
        if gone:
            writer.begin()
            writer.write(gone)
            writer.commit_alone()
        if ended:
            self._due -= self._swept
            self.close()

    def close(self) -> None:
        """Stop; the next sweep begins anew."""
        if self._follower is not None:
            self._follower.close()
            self._follower = None
