"""What this program has done so far, as positions in the log, so that its reads hold at least that."""

import threading
from collections.abc import Iterable


class Positions:
    """The furthest position per partition; safe to share between threads."""

    def __init__(self) -> None:
        self._furthest: dict[str, int] = {}
        self._lock = threading.Lock()

    def merge(self, positions: Iterable[str]) -> None:
        """Take in positions `<topic id>:<partition>:<offset>`."""
        with self._lock:
            for position in positions:
                partition, _, offset = position.strip().rpartition(":")
                if partition and offset.isdecimal():
                    self._furthest[partition] = max(int(offset), self._furthest.get(partition, -1))

    def __str__(self) -> str:
        """As the `after` of a read."""
        with self._lock:
            return ",".join(f"{partition}:{offset}" for partition, offset in self._furthest.items())
