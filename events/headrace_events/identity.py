"""Identities of people at providers of single sign-on and in directories: whose is which.

An identity is known by a keyed hash of its provider and of what the provider calls it, which only the API can compute:
no event tells who somebody is elsewhere.
"""

from collections.abc import Mapping

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Conflict, Forbidden, NotFound
from headrace_events.ids import user_name
from headrace_events.language import Command, Erasure, Event, Home, command, event, value
from headrace_events.totp import spent
from headrace_events.user import Standing, User, UserRegistered, may_act_for, must_be_active

MOST = 10
"""Identities of one person."""


@command("identity.register")
class RegisterWithIdentity(Command):
    """Ask to become a user who signs in with this identity; an administrator decides."""

    user: str
    identity: str
    provider: str

    @property
    def key(self) -> str:
        return self.user


@command("identity.link")
class LinkIdentity(Command):
    """Sign in with this identity too, which the API has seen proof of.

    `totp_step` or `recovery` is the code shown, as in StartSession.
    """

    user: str
    identity: str
    provider: str
    totp_step: int | None = None
    recovery: str | None = None

    @property
    def key(self) -> str:
        return self.user


@command("identity.unlink")
class UnlinkIdentity(Command):
    """Let this identity sign in as the person no more."""

    user: str
    identity: str

    @property
    def key(self) -> str:
        return self.user


@event("identity.linked", Home.PLATFORM)
class IdentityLinked(Event):
    """Whoever proves to be this at the provider is the person."""

    user: str
    identity: str
    provider: str

    @property
    def key(self) -> str:
        return self.user


@event("identity.unlinked", Home.PLATFORM)
class IdentityUnlinked(Event):
    """The identity is nobody's."""

    user: str
    identity: str

    @property
    def key(self) -> str:
        return self.user


@event("identity.stored", Home.CREDENTIALS)
class IdentityStored(Event):
    """Tells the API whose the identity is."""

    user: str
    identity: str
    provider: str

    @property
    def key(self) -> str:
        return f"identity/{self.identity}"


@event("identity.erased", Home.CREDENTIALS)
class IdentityErased(Erasure):
    """Takes the place of the stored identity."""

    identity: str

    @property
    def key(self) -> str:
        return f"identity/{self.identity}"


@event("identity_holder.taken", Home.PLATFORM)
class IdentityTaken(Event):
    """The identity is this person's and can be no other's."""

    identity: str
    user: str

    @property
    def key(self) -> str:
        return self.identity


@event("identity_holder.freed", Home.PLATFORM)
class IdentityFreed(Event):
    """The identity may become anybody's."""

    identity: str

    @property
    def key(self) -> str:
        return self.identity


@value
class Identities:
    """A person's identities, each with its provider."""

    linked: Mapping[str, str]


@value
class IdentityHolder:
    """Whose an identity is."""

    user: str | None


def forgotten(user: str, known: Known) -> list[Event]:
    """The events that take all identities from a person."""
    held = known.state(Identities, None, user)
    return [fact for identity in (held.linked if held else ()) for fact in _unlinked(user, identity)]


def decide(state: Identities | None, wish: Command, known: Known) -> list[Event]:
    """Let each identity be one person's, and nobody give another person theirs."""
    linked = state.linked if state else {}
    match wish:
        case RegisterWithIdentity(user=user, identity=identity, provider=provider):
            found = known.state(User, None, user)
            if found is not None and found.standing is not Standing.REJECTED:
                raise AlreadyExists("user", user)
            return [UserRegistered(user=user_name(user)), *_linked(user, identity, provider, known)]
        case LinkIdentity(user=user, identity=identity, provider=provider):
            must_be_active(user, known)
            if known.actor != f"user:{user}":
                raise Forbidden("not-your-identity", "only the person links their identity")
            shown = spent(user, wish.totp_step, wish.recovery, known)
            if identity in linked:
                return shown
            if len(linked) >= MOST:
                raise Conflict("too-many-identities", f"a person has {MOST} identities at most: unlink one first")
            return [*shown, *_linked(user, identity, provider, known)]
        case UnlinkIdentity(user=user, identity=identity):
            if not may_act_for(user, known):
                raise Forbidden("not-your-identity", "only the person, or an administrator, unlinks an identity")
            if identity not in linked:
                raise NotFound("identity", identity)
            return _unlinked(user, identity)
        case _:
            raise unknown(wish)


def _linked(user: str, identity: str, provider: str, known: Known) -> list[Event]:
    holder = known.state(IdentityHolder, None, identity)
    if holder is not None and holder.user is not None:
        raise Conflict("identity-taken", "this identity is another person's: they can unlink it, or an administrator")
    return [
        IdentityLinked(user=user, identity=identity, provider=provider),
        IdentityTaken(identity=identity, user=user),
        IdentityStored(identity=identity, user=user, provider=provider),
    ]


def _unlinked(user: str, identity: str) -> list[Event]:
    return [
        IdentityUnlinked(user=user, identity=identity),
        IdentityFreed(identity=identity),
        IdentityErased(identity=identity),
    ]


def evolve(state: Identities | None, fact: Event) -> Identities:
    """Fold one event."""
    linked = state.linked if state else {}
    match fact:
        case IdentityLinked(identity=identity, provider=provider):
            return Identities(linked={**linked, identity: provider})
        case IdentityUnlinked(identity=gone):
            return Identities(linked={identity: provider for identity, provider in linked.items() if identity != gone})
        case _:
            raise unknown(fact)


def _decide_holder(state: IdentityHolder | None, wish: Command, known: Known) -> list[Event]:
    raise unknown(wish)


def _evolve_holder(state: IdentityHolder | None, fact: Event) -> IdentityHolder:
    match fact:
        case IdentityTaken(user=user):
            return IdentityHolder(user=user)
        case IdentityFreed():
            return IdentityHolder(user=None)
        case _:
            raise unknown(fact)


aggregate("identity", Identities, decide=decide, evolve=evolve)
aggregate("identity_holder", IdentityHolder, decide=_decide_holder, evolve=_evolve_holder)
