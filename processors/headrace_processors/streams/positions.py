"""How far a source was read: offsets of a group, and beside each the newest event time of the partition up to there."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from headrace_broker.connection import Connection
from headrace_broker.follower import Partition
from headrace_broker.group_offsets import GroupOffsets


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The next offset of each partition, what was said with it, and what a transaction needs to move them."""

    offsets: Mapping[Partition, int]
    said: Mapping[Partition, str]
    group: Any


def read_to(connection: Connection, group: str, partitions: Iterable[Partition]) -> Read:
    """How far the group's name was read to; from the beginning where it was not yet. Raises BrokerError."""
    with closing(GroupOffsets(connection, group)) as kept:
        found = kept.said(partitions)
        return Read(
            offsets={where: offset for where, (offset, _) in found.items()},
            said={where: said for where, (_, said) in found.items()},
            group=kept.group(),
        )
