"""What this process keeps for signing people in: turns, counts of failures, hashing."""

import asyncio
import time
from zlib import crc32

from headrace_api.errors import TooMany
from headrace_api.passwords.hashing import Hashing
from headrace_api.sessions.attempts import Attempts
from headrace_events.ids import Micros

_TURNS = 64


class Turns:
    """One try at a time for each name, so that tries sent together count one after the other."""

    def __init__(self) -> None:
        self._locks = [asyncio.Lock() for _ in range(_TURNS)]

    def of(self, name: str) -> asyncio.Lock:
        """The lock to hold while the name's password is tried."""
        return self._locks[crc32(name.encode("utf-8", "backslashreplace")) % _TURNS]


class Doors:
    """The turns of people here, their failures, and the hashing of passwords."""

    def __init__(self, hashing: Hashing) -> None:
        self.hashing = hashing
        self.attempts = Attempts()
        self._turns = Turns()

    def turn(self, user: str) -> asyncio.Lock:
        """The lock to hold while the person's password is tried."""
        return self._turns.of(user)

    def must_not_be_crowded(self, address: str | None) -> None:
        """Raise TooMany where too many tries from the address have failed."""
        now = this_moment()
        until = self.attempts.of_address.full_until(address or "", now)
        if until is not None:
            raise TooMany("too-many-failures", "too many failed tries from your address", until - now)

    def take_registration(self, address: str | None) -> None:
        """Count a registration; raise TooMany where the address has sent too many."""
        now = this_moment()
        until = self.attempts.registrations.full_until(address or "", now)
        if until is not None:
            raise TooMany("too-many-registrations", "too many registrations from your address", until - now)
        self.attempts.registrations.add(address or "", now)


def this_moment() -> Micros:
    """Microseconds UTC."""
    return Micros(time.time_ns() // 1000)
