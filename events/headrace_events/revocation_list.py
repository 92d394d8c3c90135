"""The authority's revocation list: which certificates it has taken back before they expired."""

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.certificate import Ending
from headrace_events.errors import Conflict
from headrace_events.ids import Micros
from headrace_events.language import Command, Erasure, Event, Home, command, event, value


@value
class RevokedSerial:
    """A certificate by its serial number (decimal): when and why it was revoked, and when it would have expired."""

    serial: str
    revoked: Micros
    expires: Micros
    reason: Ending


@command("revocation_list.publish")
class PublishRevocationList(Command):
    """Provisioning says: no access rule names these any more, and this is the list with them, signed (DER)."""

    authority: int
    number: int
    added: tuple[RevokedSerial, ...]
    next_update: Micros
    document: bytes

    @property
    def key(self) -> str:
        return str(self.authority)


@event("revocation_list.published", Home.PLATFORM)
class RevocationListPublished(Event):
    """The authority's list of that number holds these besides what it held; there is a newer one by `next_update`."""

    authority: int
    number: int
    added: tuple[RevokedSerial, ...]
    next_update: Micros

    @property
    def key(self) -> str:
        return str(self.authority)


@event("revocation_list.stored", Home.CREDENTIALS)
class RevocationListStored(Event):
    """The signed list (DER), which the API serves; it takes the place of the one before."""

    authority: int
    number: int
    document: bytes

    @property
    def key(self) -> str:
        return f"revocation-list/{self.authority}"


@event("revocation_list.erased", Home.CREDENTIALS)
class RevocationListErased(Erasure):
    """Takes the place of the list of an authority that nobody believes any more."""

    authority: int

    @property
    def key(self) -> str:
        return f"revocation-list/{self.authority}"


@value
class RevocationList:
    """How many lists of the authority there have been."""

    number: int


def decide(state: RevocationList | None, wish: Command, known: Known) -> list[Event]:
    """Number the lists without a gap, so that none is made of less than the one before."""
    match wish:
        case PublishRevocationList(authority=authority, number=number):
            due = (state.number if state else 0) + 1
            if number != due:
                raise Conflict("out-of-turn", f"the next list is number {due}, not {number}", {"due": str(due)})
            return [
                RevocationListPublished(
                    authority=authority, number=number, added=wish.added, next_update=wish.next_update
                ),
                RevocationListStored(authority=authority, number=number, document=wish.document),
            ]
        case _:
            raise unknown(wish)


def evolve(state: RevocationList | None, fact: Event) -> RevocationList:
    """Fold one event; what lies on the credentials topic changes nothing here."""
    match fact:
        case RevocationListPublished(number=number):
            return RevocationList(number=number)
        case _:
            raise unknown(fact)


aggregate("revocation_list", RevocationList, decide=decide, evolve=evolve)
