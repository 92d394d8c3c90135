"""What this process has said lately, so that it does not say it again at every request."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from headrace_broker.results import Result
from headrace_events.envelope import Request
from headrace_events.ids import Micros

logger = logging.getLogger(__name__)

Name = TypeVar("Name", bound=Hashable)


@dataclass(slots=True)
class Said(Generic[Name]):
    """Names, each until its moment; what is over is forgotten. Moments come in order; any thread may call."""

    most: int | None = None
    """How many are remembered: the oldest give way."""
    _until: "OrderedDict[Name, Micros]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def first(self, name: Name, now: Micros, until: Micros) -> bool:
        """Whether it has to be said now; then it counts as said until that moment."""
        with self._lock:
            while self._until and next(iter(self._until.values())) <= now:
                self._until.popitem(last=False)
            if name in self._until:
                return False
            self._until[name] = until
            if self.most is not None and len(self._until) > self.most:
                self._until.popitem(last=False)
            return True

    def unsaid(self, name: Name) -> None:
        """It was not said after all."""
        with self._lock:
            self._until.pop(name, None)

    def __len__(self) -> int:
        return len(self._until)


@dataclass(slots=True)
class Remarks:
    """Commands that no request waits for, each said once until its moment; one that fails may be said again."""

    send: Callable[[Request], "Future[Result]"]
    _said: Said[str] = field(default_factory=Said)

    def remark(self, name: str, make: Callable[[], Request], now: Micros, until: Micros) -> None:
        """Make and send what is to be said of the name, unless it was said."""
        if self._said.first(name, now, until):
            self.send(make()).add_done_callback(lambda outcome: self._settled(name, outcome))

    def _settled(self, name: str, outcome: "Future[Result]") -> None:
        error = outcome.exception()
        if error is not None:
            self._said.unsaid(name)
            logger.warning("it could not be said that %s was used; its next use says it: %s", name, error)
