"""What each authority's revocation list has to hold, folded: what it held, and what was revoked since."""

from dataclasses import dataclass, field
from itertools import islice

from headrace_events.certificate import Ending
from headrace_events.ids import Micros
from headrace_events.revocation_list import RevocationListPublished, RevokedSerial
from headrace_processors.provisioning.issued import IssuedCertificate

NONE_YET = Micros(0)
"""When the next list of an authority without one is due: at once."""

LASTS = 7 * 24 * 3_600_000_000
"""How long a list can be used, in microseconds; it is signed anew when half of that is over."""

ADDED_AT_MOST = 2_000
"""What one list adds to the one before, and so how large its event gets; the next list adds the next ones."""


@dataclass(slots=True)
class RevocationsOf:
    """The last list of one authority, and what was revoked and is not on it yet; what has expired is left out."""

    authority: int
    number: int = 0
    next_update: Micros = NONE_YET
    listed: dict[str, RevokedSerial] = field(default_factory=dict)
    waiting: dict[str, RevokedSerial] = field(default_factory=dict)

    def revoke(self, one: IssuedCertificate, when: Micros, reason: Ending) -> None:
        """A certificate has no rights any more."""
        if one.serial not in self.listed:
            entry = RevokedSerial(serial=one.serial, revoked=when, expires=one.expires, reason=reason)
            self.waiting[one.serial] = entry

    def published(self, event: RevocationListPublished) -> None:
        """There is another list; the same one again changes nothing."""
        self.number, self.next_update = event.number, event.next_update
        for one in event.added:
            self.listed[one.serial] = one
            self.waiting.pop(one.serial, None)

    def due(self, now: Micros) -> RevocationListPublished | None:
        """The next list, if there has to be one now."""
        self.listed = {serial: one for serial, one in self.listed.items() if one.expires > now}
        self.waiting = {serial: one for serial, one in self.waiting.items() if one.expires > now}
        if not self.waiting and self.next_update - now > LASTS / 2:
            return None
        return RevocationListPublished(
            authority=self.authority,
            number=self.number + 1,
            added=tuple(islice(self.waiting.values(), ADDED_AT_MOST)),
            next_update=Micros(now + LASTS),
        )

    def entries(self, due: RevocationListPublished) -> list[RevokedSerial]:
        """What that list holds, the first to be revoked first."""
        return sorted((*self.listed.values(), *due.added), key=lambda one: (one.revoked, one.serial))


@dataclass(slots=True)
class Revocations:
    """Those of all authorities but the retired ones, which publish no more; events come in any order."""

    lists: dict[int, RevocationsOf] = field(default_factory=dict)
    retired: set[int] = field(default_factory=set)

    def of(self, authority: int) -> RevocationsOf:
        """Those of one authority."""
        return self.lists.setdefault(authority, RevocationsOf(authority))

    def revoke(self, one: IssuedCertificate, when: Micros, reason: Ending) -> None:
        """A certificate has no rights any more.

        One of a worker that ended with its run is not listed: it lasts for a day at most, and there may be a hundred
        thousand of them in that time.
        """
        if reason is not Ending.RUN_ENDED and one.authority not in self.retired:
            self.of(one.authority).revoke(one, when, reason)

    def published(self, event: RevocationListPublished) -> None:
        """There is another list of its authority."""
        if event.authority not in self.retired:
            self.of(event.authority).published(event)

    def retire(self, authority: int) -> None:
        """Nobody believes that authority any more, so nobody asks for its list."""
        self.retired.add(authority)
        self.lists.pop(authority, None)
