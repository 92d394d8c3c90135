"""What the rest of the house needs of a log; Kafka and the in-memory twin both give it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from headrace_broker.follower import Batch, Partition
from headrace_broker.record import Entry


class Reader(Protocol):
    """Reads committed records, in order per partition, from where it was told to."""

    def follow(self, starts: Mapping[Partition, int]) -> None:
        """Follow these partitions too, each from that offset."""
        ...

    def leave(self, topic: str) -> None:
        """Follow no partition of this topic any more."""
        ...

    def end(self, where: Partition) -> int:
        """The next offset the log will give out there."""
        ...

    def poll(self, limit: int = 5_000, seconds: float = 0.5) -> Batch:
        """The next records; empty where there are none in that time."""
        ...

    def at_end(self) -> bool:
        """Whether everything that was there has been read."""
        ...

    def close(self) -> None:
        """Stop."""
        ...


class Writer(Protocol):
    """Writes in transactions; of one transactional id only the newest writer lives."""

    def begin(self) -> None:
        """Open a transaction."""
        ...

    def write(self, entries: Sequence[Entry]) -> list[int]:
        """Write within the transaction; return the offsets."""
        ...

    def commit_alone(self) -> None:
        """Make the transaction's records visible."""
        ...

    def abort(self) -> None:
        """Make sure that the transaction's records are never visible."""
        ...
