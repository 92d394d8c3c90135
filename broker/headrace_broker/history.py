"""The whole log of one project, for whoever cannot have followed it."""

from headrace_broker.admin import Admin
from headrace_broker.connection import Connection
from headrace_broker.envelopes import read_event
from headrace_broker.errors import BrokerError
from headrace_broker.follower import LEAVING_MS, Follower, Partition
from headrace_broker.topics import events_of
from headrace_events.envelope import Recorded
from headrace_schemas.codec import MessageCodec


class History:
    """Every event of the project so far, in order, a piece with each call; nothing once its topic is gone."""

    def __init__(self, connection: Connection, project: str) -> None:
        self._connection = connection
        self._topic = events_of(project)
        self._codec = MessageCodec()
        self._follower: Follower | None = None
        self._next = 0
        self._whole = False

    def more(self, limit: int = 5_000) -> list[Recorded] | None:
        """The next events, not many more than `limit`, or None at the end; none where the brokers are slow.

        After a BrokerError the next call goes on where the last piece ended.
        """
        if self._whole:
            return None
        try:
            return self._read(limit)
        except BrokerError:
            self.close()
            raise

    def _read(self, limit: int) -> list[Recorded] | None:
        follower = self._follower or self._follow()
        if follower is not None and not follower.at_end():
            batch = follower.poll(limit)
            events = [read_event(record, self._codec) for record in batch.records]
            self._next = max(batch.ends.values(), default=self._next)
            return events
        self._whole = True
        self.close()
        return None

    def _follow(self) -> Follower | None:
        found = Admin(self._connection).topic_ids([self._topic])
        if self._topic not in found:
            return None
        self._follower = Follower(self._connection, wait_ms=LEAVING_MS)
        self._follower.follow({Partition(self._topic, found[self._topic][0], 0): self._next})
        return self._follower

    def close(self) -> None:
        """Hold no connection; the next call makes another."""
        if self._follower is not None:
            self._follower.close()
            self._follower = None
