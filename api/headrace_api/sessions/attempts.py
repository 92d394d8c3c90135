"""How often signing in may fail: per person, and per address. Pure; times are microseconds."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from headrace_events.ids import Micros

WINDOW_US = 15 * 60 * 1_000_000
"""How long a failure counts, and how long a lock lasts."""
OF_PERSON = 5
OF_ADDRESS = 30
REGISTRATIONS = 10
MOST_KEYS = 50_000
"""People and addresses remembered; the one not heard of for longest goes first."""


@dataclass(slots=True)
class Counted:
    """What happened lately, by name."""

    most: int
    _of: "OrderedDict[str, deque[Micros]]" = field(default_factory=OrderedDict)

    def add(self, name: str, now: Micros) -> None:
        """It happened once more."""
        times = self._of.setdefault(name, deque(maxlen=self.most))
        times.append(now)
        self._of.move_to_end(name)
        if len(self._of) > MOST_KEYS:
            self._of.popitem(last=False)

    def full_until(self, name: str, now: Micros) -> Micros | None:
        """When it may happen again, or None if it may now."""
        times = self._of.get(name, deque())
        if len(times) < self.most or times[0] + WINDOW_US <= now:
            return None
        return Micros(times[0] + WINDOW_US)

    def forget(self, name: str) -> None:
        """Count from nothing again."""
        self._of.pop(name, None)


@dataclass(slots=True)
class Attempts:
    """Failures of this process, and the names they lock: anybody's, known or not, and all for as long.

    The lock of who has a password goes on the log instead, so that it outlives the process.
    """

    of_person: Counted = field(default_factory=lambda: Counted(OF_PERSON))
    of_address: Counted = field(default_factory=lambda: Counted(OF_ADDRESS))
    registrations: Counted = field(default_factory=lambda: Counted(REGISTRATIONS))
    _locked: "OrderedDict[str, Micros]" = field(default_factory=OrderedDict)

    def failed(self, user: str, address: str, now: Micros) -> Micros | None:
        """Count a failure; until when the name is locked from now on, if this was one too many."""
        self.of_person.add(user, now)
        self.of_address.add(address, now)
        if self.of_person.full_until(user, now) is None:
            return None
        self.forgive(user)
        until = self._locked[user] = Micros(now + WINDOW_US)
        if len(self._locked) > MOST_KEYS:
            self._locked.popitem(last=False)
        return until

    def locked_until(self, user: str) -> Micros | None:
        """Until when the name is, or was, locked here."""
        return self._locked.get(user)

    def forgive(self, user: str) -> None:
        """Lift the lock here, and count from nothing again."""
        self.of_person.forget(user)
        self._locked.pop(user, None)
