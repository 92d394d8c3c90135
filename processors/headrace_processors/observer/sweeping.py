"""Taking back what was observed of deleted projects: a tombstone under every key of theirs.

Nobody remembers those keys, so the topic is read from its beginning, a little at each step. The sequence number of the
newest closing that is done with is kept in the place of an offset, for nobody else reads this topic in the observer's
group; where it is lost, the topic is read once more, and nothing is found.
"""

import json
from collections.abc import Collection, Iterable

from confluent_kafka import TopicPartition

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.errors import Missing
from headrace_broker.follower import Follower, Partition
from headrace_broker.group_offsets import GroupOffsets
from headrace_broker.record import Entry, Record
from headrace_broker.topics import OBSERVATIONS, REFERENCES
from headrace_broker.transactions import TransactionalWriter
from headrace_projections.monitoring.reference import reference_key


def tombstones(records: Iterable[Record], projects: Collection[str]) -> list[Entry]:
    """What takes the observations of those projects back."""
    return [
        Entry(topic=OBSERVATIONS, key=record.key, value=None)
        for record in records
        if record.value is not None and record.key is not None and json.loads(record.key)["project"] in projects
    ]


class Sweeping:
    """Closed projects, and how far their observations are taken back."""

    def __init__(self, connection: Connection, positions: GroupOffsets) -> None:
        found = Admin(connection).topic_ids([OBSERVATIONS])
        if OBSERVATIONS not in found:
            raise Missing(f"{OBSERVATIONS} does not exist: prepare the log first")
        topic_id, partitions = found[OBSERVATIONS]
        self._places = [Partition(OBSERVATIONS, topic_id, number) for number in range(partitions)]
        self._connection = connection
        self._positions = positions
        self._done = positions.committed(self._places[:1])[self._places[0]]
        self._closed: dict[str, int] = {}
        self._swept: frozenset[str] = frozenset()
        self._newest = 0
        self._follower: Follower | None = None

    def add(self, project: str, seq: int) -> None:
        """The project was closed by the platform's event of that number."""
        self._closed[project] = seq

    @property
    def due(self) -> bool:
        """Whether there is something to take back, or may be."""
        return max(self._closed.values(), default=0) > self._done

    def step(self, writer: TransactionalWriter) -> None:
        """Take some of it back. Raises BrokerError."""
        if not self.due:
            return
        if self._follower is None:
            self._swept, self._newest = frozenset(self._closed), max(self._closed.values())
            self._follower = Follower(self._connection)
            self._follower.follow(dict.fromkeys(self._places, 0))
        gone = tombstones(self._follower.poll(seconds=0.05).records, self._swept)
        if gone:
            writer.begin()
            writer.write(gone)
            writer.commit_alone()
        elif self._follower.at_end():
            self._finish(writer)

    def _finish(self, writer: TransactionalWriter) -> None:
        """Say so to whoever counts what belongs to no deployment: a tombstone under the reference of none."""
        done = TopicPartition(OBSERVATIONS, self._places[0].partition, self._newest)
        writer.begin()
        writer.write([Entry(topic=REFERENCES, key=reference_key(one, ""), value=None) for one in sorted(self._swept)])
        writer.commit([done], self._positions.group())
        self._done = self._newest
        self.close()

    def close(self) -> None:
        """Stop; the next sweep begins anew."""
        if self._follower is not None:
            self._follower.close()
            self._follower = None
