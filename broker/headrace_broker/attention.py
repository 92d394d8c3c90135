"""Which partitions a feed asks for: the results of commands say where something happens, so the others may rest.

A question for records costs the brokers time for each partition in it, and every event ends the questions of everybody
who follows its partition. Asked for all projects at once, each event would cost as many looks as there are projects,
times followers. A partition that rests is asked for again as soon as a result names a position in it that was not read.
"""

from collections.abc import Collection

from headrace_broker.follower import Partition
from headrace_events.envelope import Position

AWAKE = 16
"""How many of the partitions that moved last are asked for all the time."""


class Attention:
    """The partitions of a feed, those that moved last at the end; pure, so that every order of things can be tried."""

    def __init__(self, awake: int = AWAKE) -> None:
        self._awake = awake
        self._read: dict[tuple[str, int], tuple[Partition, int]] = {}
        self._told: dict[tuple[str, int], int] = {}
        self.resting: set[Partition] = set()

    def follow(self, partitions: Collection[Partition]) -> None:
        """These are followed from now on, awake."""
        for where in partitions:
            self._read.setdefault((where.topic_id, where.partition), (where, 0))

    def leave(self, topic: str) -> None:
        """No partition of the topic is followed any more."""
        for key in [key for key, (where, _) in self._read.items() if where.topic == topic]:
            where, _ = self._read.pop(key)
            self._told.pop(key, None)
            self.resting.discard(where)

    def told(self, position: Position) -> None:
        """Something lies there. It may be told before it can be read, and before its partition is followed."""
        key = (position.topic_id, position.partition)
        self._told[key] = max(self._told.get(key, 0), position.offset)

    def read(self, where: Partition, end: int) -> None:
        """The partition was read up to that offset."""
        key = (where.topic_id, where.partition)
        self._read.pop(key, None)
        self._read[key] = (where, end)

    @property
    def needed(self) -> bool:
        """Whether there are so many partitions that some may rest."""
        return len(self._read) > self._awake

    def awaiting(self) -> bool:
        """Whether something was told that is not read yet."""
        return any(self._awaited(key) for key in list(self._told) if key in self._read)

    def wake_all(self) -> set[Partition]:
        """All that rest: none of them does from now on."""
        woken, self.resting = self.resting, set()
        return woken

    def wake(self) -> set[Partition]:
        """Those that rest and must not any more: they do not rest from now on."""
        woken = set()
        for key in [key for key in self._told if key in self._read]:
            if self._awaited(key) and (where := self._read[key][0]) in self.resting:
                woken.add(where)
        self.resting -= woken
        return woken

    def rest(self, at_end: Collection[Partition]) -> set[Partition]:
        """Those that rest from now on: read to their end, nothing awaited, and enough others moved since."""
        tired = set()
        for key, (where, _) in list(self._read.items())[: -self._awake]:
            if where not in self.resting and where in at_end and not self._awaited(key):
                tired.add(where)
        self.resting |= tired
        return tired

    def _awaited(self, key: tuple[str, int]) -> bool:
        """Whether something was told of that is not read yet."""
        if key not in self._told:
            return False
        if self._told[key] < self._read[key][1]:
            del self._told[key]
            return False
        return True
