"""What this process has said lately, so that it does not say it again at every request."""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from headrace_events.ids import Micros


@dataclass(slots=True)
class Said:
    """Names, each until its moment; what is over is forgotten. Moments come in order; any thread may call."""

    _until: "OrderedDict[str, Micros]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def first(self, name: str, now: Micros, until: Micros) -> bool:
        """Whether it has to be said now; then it counts as said until that moment."""
        with self._lock:
            while self._until and next(iter(self._until.values())) <= now:
                self._until.popitem(last=False)
            if name in self._until:
                return False
            self._until[name] = until
            return True

    def unsaid(self, name: str) -> None:
        """It was not said after all."""
        with self._lock:
            self._until.pop(name, None)

    def __len__(self) -> int:
        return len(self._until)
