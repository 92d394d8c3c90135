"""The authorities whose certificates count: one signs, and during a rotation two are believed."""

from dataclasses import field

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import Conflict, NotFound
from headrace_events.ids import Micros
from headrace_events.language import Command, Event, Home, command, event, value
from headrace_events.revocation_list import RevocationListErased


@command("authority.rotate")
class RotateAuthority(Command):
    """Let another authority sign from now on; the one before stays believed until it is retired."""

    @property
    def key(self) -> str:
        return ""


@command("authority.record")
class RecordAuthority(Command):
    """Provisioning says: the brokers believe this one (PEM), and certificates of the one before last until then."""

    authority: int
    certificate: str
    overlaps_until: Micros

    @property
    def key(self) -> str:
        return ""


@command("authority.retire")
class RetireAuthority(Command):
    """Let nobody believe the older authority any more; before the last certificate of it has expired only if forced."""

    authority: int
    force: bool = False

    @property
    def key(self) -> str:
        return ""


@command("authority.record_retired")
class RecordAuthorityRetired(Command):
    """Provisioning says: the brokers believe it no more, and its key is gone."""

    authority: int

    @property
    def key(self) -> str:
        return ""


@event("authority.rotation_requested", Home.PLATFORM)
class AuthorityRotationRequested(Event):
    """Provisioning makes the authority of that number. Its key stays where certificates are signed."""

    authority: int

    @property
    def key(self) -> str:
        return ""


@event("authority.added", Home.PLATFORM)
class AuthorityAdded(Event):
    """This one (its certificate as PEM) signs; certificates that an earlier one signed count until then at the most."""

    authority: int
    certificate: str
    overlaps_until: Micros

    @property
    def key(self) -> str:
        return ""


@event("authority.retirement_requested", Home.PLATFORM)
class AuthorityRetirementRequested(Event):
    """Provisioning lets the brokers believe it no more."""

    authority: int

    @property
    def key(self) -> str:
        return ""


@event("authority.retired", Home.PLATFORM)
class AuthorityRetired(Event):
    """No certificate of it counts."""

    authority: int

    @property
    def key(self) -> str:
        return ""


@value
class Authorities:
    """Which are believed, the newest last; which one is being made, which is being retired, and the overlap's end."""

    believed: tuple[int, ...] = (1,)
    coming: int | None = None
    going: int | None = None
    overlaps_until: Micros = field(default=Micros(0))


def decide(state: Authorities | None, wish: Command, known: Known) -> list[Event]:
    """One rotation at a time, and never without an authority that signs."""
    now = state or Authorities()
    match wish:
        case RotateAuthority():
            if now.coming is not None:
                raise Conflict(
                    "rotation-coming", f"authority {now.coming} is being made: wait until authority {now.coming} signs"
                )
            if len(now.believed) > 1:
                older = now.believed[0]
                raise Conflict("rotation-under-way", f"authority {older} has to be retired first")
            return [AuthorityRotationRequested(authority=now.believed[-1] + 1)]
        case RecordAuthority(authority=authority):
            _must_be(authority, now.coming)
            return [
                AuthorityAdded(authority=authority, certificate=wish.certificate, overlaps_until=wish.overlaps_until)
            ]
        case RetireAuthority(authority=authority, force=force):
            if authority not in now.believed:
                raise NotFound("authority", str(authority))
            if authority == now.going:
                raise Conflict("retirement-under-way", f"authority {authority} is being retired: wait until it is")
            if authority == now.believed[-1]:
                raise _signs(authority, now.coming)
            if known.now < now.overlaps_until and not force:
                raise Conflict(
                    "certificates-still-count",
                    f"certificates of authority {authority} count until later: wait, or force it and cut them off",
                    {"until": str(now.overlaps_until)},
                )
            return [AuthorityRetirementRequested(authority=authority)]
        case RecordAuthorityRetired(authority=authority):
            _must_be(authority, now.going)
            return [AuthorityRetired(authority=authority), RevocationListErased(authority=authority)]
        case _:
            raise unknown(wish)


def _signs(authority: int, coming: int | None) -> Conflict:
    if coming is not None:
        return Conflict("rotation-coming", f"authority {authority} signs: wait until authority {coming} does")
    return Conflict("authority-signs", f"authority {authority} signs: rotate first")


def _must_be(authority: int, wanted: int | None) -> None:
    if authority != wanted:
        raise Conflict("not-asked-for", f"nobody waits for that of authority {authority}")


def evolve(state: Authorities | None, fact: Event) -> Authorities:
    """Fold one event."""
    now = state or Authorities()
    match fact:
        case AuthorityRotationRequested(authority=authority):
            return Authorities(believed=now.believed, coming=authority)
        case AuthorityAdded(authority=authority, overlaps_until=until):
            return Authorities(believed=(*now.believed, authority), overlaps_until=until)
        case AuthorityRetirementRequested(authority=authority):
            return Authorities(believed=now.believed, going=authority, overlaps_until=now.overlaps_until)
        case AuthorityRetired(authority=authority):
            return Authorities(believed=tuple(one for one in now.believed if one != authority))
        case _:
            raise unknown(fact)


aggregate("authority", Authorities, decide=decide, evolve=evolve)
