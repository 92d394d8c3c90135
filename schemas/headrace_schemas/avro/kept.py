"""What is kept of schemas that were read, within a bound on the length of their texts."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from headrace_events.avro import Written

R = TypeVar("R")


def length(schema: Written) -> int:
    """Characters of the schema's text and of all that it refers to."""
    return len(schema.text) + sum(map(len, schema.referenced))


@dataclass(slots=True)
class Kept(Generic[R]):
    """What was made of schemas; the one that was not asked for the longest goes first. For any thread."""

    most: int
    length: int = 0
    _made: OrderedDict[Written, R] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, schema: Written) -> R | None:
        """What was made of the schema, if it is kept."""
        with self._lock:
            found = self._made.get(schema)
            if found is not None:
                self._made.move_to_end(schema)
            return found

    def keep(self, schema: Written, made: R) -> None:
        """Keep it, and let go what that is too much for."""
        with self._lock:
            if schema not in self._made:
                self.length += _counted(schema)
            self._made[schema] = made
            while self.length > self.most:
                gone, _ = self._made.popitem(last=False)
                self.length -= _counted(gone)


def _counted(schema: Written) -> int:
    """A short schema takes room, too."""
    return 200 + length(schema)
