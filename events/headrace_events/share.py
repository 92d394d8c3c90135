"""Shares: one project lets another read something of its own, once a Data Owner there has accepted.

A share is the platform's, for it belongs to two projects; its id names what is shared and with whom. What holds at the
brokers follows from it, and provisioning says when.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound, Refusal, Sensitive
from headrace_events.language import Command, Event, Home, command, event, value
from headrace_events.member import Membership
from headrace_events.project import Project, is_sensitive, must_take_commands
from headrace_events.shared import Shareable, Shared, must_be_whole, must_exist

MOST_OFFERS = 100
"""How many offers of one project to another one can stand at a time."""


def share_id(shared: Shared, receiver: str) -> str:
    """What the share of that thing with that project is called."""
    return f"{shared}:{receiver}"


class _OfShare(Command):
    """A command that names its share, sent by a member of one of the two projects."""

    __slots__ = ()
    share: str

    @property
    def scope(self) -> str | None:
        """The platform: neither of the two projects owns a share."""
        return None

    @property
    def key(self) -> str:
        return self.share


@command("share.offer")
class OfferShare(Command):
    """Offer the receiver's members to read it; a topic has a full name, a feature group a name and a version."""

    project: str
    receiver: str
    what: Shareable
    name: str = ""
    version: int | None = None

    @property
    def scope(self) -> str | None:
        """The platform: neither of the two projects owns a share."""
        return None

    @property
    def shared(self) -> Shared:
        """What is offered."""
        return Shared(project=self.project, what=self.what, name=self.name, version=self.version)

    @property
    def key(self) -> str:
        return share_id(self.shared, self.receiver)


@command("share.accept")
class AcceptShare(_OfShare):
    """The receiving project wants it: from now on its members read."""

    project: str
    share: str


@command("share.decline")
class DeclineShare(_OfShare):
    """The receiving project does not want it, or no longer."""

    project: str
    share: str


@command("share.revoke")
class RevokeShare(_OfShare):
    """The sharing project takes it back, accepted or not; open consumers are cut off."""

    project: str
    share: str


@command("share.record_enforced")
class RecordShareEnforced(_OfShare):
    """Provisioning says: the brokers let the receiver's members read it, or no longer do."""

    share: str
    open: bool


@event("share.offered", Home.PLATFORM)
class ShareOffered(Event):
    """The receiver may accept; until then nothing is readable."""

    share: str
    project: str
    receiver: str
    what: Shareable
    name: str = ""
    version: int | None = None

    @property
    def key(self) -> str:
        return self.share

    @property
    def shared(self) -> Shared:
        """What is offered."""
        return Shared(project=self.project, what=self.what, name=self.name, version=self.version)


@event("share.accepted", Home.PLATFORM)
class ShareAccepted(Event):
    """The receiver's members may read it; provisioning opens the brokers."""

    share: str
    project: str
    receiver: str

    @property
    def key(self) -> str:
        return self.share


@event("share.declined", Home.PLATFORM)
class ShareDeclined(Event):
    """The receiver does not want it; whatever was open is closed."""

    share: str
    project: str
    receiver: str

    @property
    def key(self) -> str:
        return self.share


@event("share.revoked", Home.PLATFORM)
class ShareRevoked(Event):
    """The offer does not stand any more; whatever was open is closed."""

    share: str
    project: str
    receiver: str

    @property
    def key(self) -> str:
        return self.share


@event("share.enforced", Home.PLATFORM)
class ShareEnforced(Event):
    """The brokers let the receiver's members read it, or no longer do."""

    share: str
    project: str
    receiver: str
    open: bool

    @property
    def key(self) -> str:
        return self.share


def counts(accepted: bool, projects: Iterable[str], sensitive: Callable[[str], bool]) -> bool:
    """Whether a share between those two projects lets the receiver's members read.

    It does while it is accepted and neither is sensitive, or else it rests. So says `shared_topics` of the catalogue.
    """
    return accepted and not any(sensitive(project) for project in projects)


@value
class Share:
    """Where a share is in its life: offered, accepted, declined or revoked; and whether the brokers are open to it.

    From each answer on it is unsettled: the brokers may be open or closed, until provisioning says which.
    """

    shared: Shared
    receiver: str
    phase: str
    open: bool = False
    settled: bool = False

    @property
    def accepted(self) -> bool:
        """Whether it is taken; the receiver's members may read unless it rests."""
        return self.phase == "accepted"

    @property
    def between(self) -> dict[str, str]:
        """The two projects, as events name them."""
        return {"project": self.shared.project, "receiver": self.receiver}


def decide(state: Share | None, wish: Command, known: Known) -> list[Event]:
    """Let only the receiver accept what stands, and either side end it; what has ended can be offered again."""
    match wish:
        case OfferShare():
            return [_offered(state, wish, known)]
        case AcceptShare(project=project, share=share):
            found = _received(state, share, project, known)
            must_take_commands(project, known)
            _must_be_linkable(found.shared.project, found.receiver, known)
            must_exist(found.shared, known)
            if found.phase not in {"offered", "accepted"}:
                raise Conflict("share-not-offered", f"share {share!r} is {found.phase}: it can be offered again")
            return [] if found.accepted else [ShareAccepted(share=share, **found.between)]
        case DeclineShare(project=project, share=share):
            found = _received(state, share, project, known)
            if found.phase == "revoked":
                raise Conflict("share-not-offered", f"share {share!r} is revoked already")
            return [] if found.phase == "declined" else [ShareDeclined(share=share, **found.between)]
        case RevokeShare(project=project, share=share):
            found = _standing(state, share, known)
            if project != found.shared.project:
                raise _not_theirs(found, share, project)
            if found.phase == "declined":
                raise Conflict("share-not-offered", f"share {share!r} is declined already")
            return [] if found.phase == "revoked" else [ShareRevoked(share=share, **found.between)]
        case RecordShareEnforced(share=share, open=opened):
            found = _standing(state, share, known)
            if opened != counts(found.accepted, found.between.values(), lambda name: is_sensitive(name, known)):
                raise Conflict("share-moved-on", f"share {share!r} is {found.phase} meanwhile")
            said = found.settled and opened == found.open
            return [] if said else [ShareEnforced(share=share, open=opened, **found.between)]
        case _:
            raise unknown(wish)


def _offered(state: Share | None, wish: OfferShare, known: Known) -> ShareOffered:
    must_take_commands(wish.project, known)
    must_be_whole(wish.shared)
    if wish.receiver == wish.project:
        raise Invalid("share-with-oneself", f"project {wish.project!r} reads what is its own: name another project")
    must_exist(wish.shared, known)
    _must_be_linkable(wish.project, wish.project, known)
    _must_take_offers(wish.receiver, known)
    if state is not None and state.phase in {"offered", "accepted"}:
        raise AlreadyExists("share", wish.key)
    if known.offers(wish.project, wish.receiver) >= MOST_OFFERS:
        raise Conflict(
            "too-many-offers",
            f"{MOST_OFFERS} offers to {wish.receiver!r} stand: have them answered, or revoke some",
            {"receiver": wish.receiver},
        )
    return ShareOffered(
        share=wish.key,
        project=wish.project,
        receiver=wish.receiver,
        what=wish.what,
        name=wish.name,
        version=wish.version,
    )


def _must_take_offers(receiver: str, known: Known) -> None:
    """Raise what stands against an offer, to members of the receiver; to anybody else the same whatever it is."""
    try:
        if not _stands(receiver, known):
            raise NotFound("receiving project", receiver)
        must_take_commands(receiver, known)
        _must_be_linkable(receiver, receiver, known)
    except Refusal:
        members = known.state(Membership, receiver, "")
        if members is not None and known.actor.removeprefix("user:") in members.roles:
            raise
        message = f"nothing can be offered to {receiver!r}: ask its Data Owners, or name another project"
        raise Conflict("receiver-takes-no-offers", message, {"receiver": receiver}) from None


def _received(state: Share | None, share: str, project: str, known: Known) -> Share:
    """The share, if it was offered to that project; raises NotFound, Forbidden."""
    found = _standing(state, share, known)
    if project != found.receiver:
        raise _not_theirs(found, share, project)
    return found


def _standing(state: Share | None, share: str, known: Known) -> Share:
    """The share, if both projects are there; raises NotFound. A share goes with either of them."""
    if state is None or not (_stands(state.shared.project, known) and _stands(state.receiver, known)):
        raise NotFound("share", share)
    return state


def _must_be_linkable(project: str, receiver: str, known: Known) -> None:
    """Raise Sensitive where either project keeps to itself."""
    for name in (project, receiver):
        if is_sensitive(name, known):
            raise Sensitive(name)


def _stands(project: str, known: Known) -> bool:
    found = known.state(Project, None, project)
    return found is not None and found.phase in {"ready", "archived"}


def _not_theirs(found: Share, share: str, project: str) -> NotFound | Forbidden:
    """What a project is told that the step is not for: the other side who takes it, a third one of no share at all."""
    if project not in {found.shared.project, found.receiver}:
        return NotFound("share", share)
    return Forbidden(
        "other-side-only",
        f"Data Owners of {found.receiver!r} accept or decline this share, those of {found.shared.project!r} revoke it",
        {"project": found.shared.project, "receiver": found.receiver},
    )


def must_be_shared(group: Shared, reader: str, known: Known) -> None:
    """Raise NotFound unless an accepted share gives the project that version of a group; Sensitive while it rests."""
    store = Shared(project=group.project, what=Shareable.FEATURE_STORE)
    shares = [known.state(Share, None, share_id(one, reader)) for one in (group, store)]
    if not _stands(group.project, known) or not any(share is not None and share.accepted for share in shares):
        raise NotFound("shared feature group", f"{group.project}:{group.name} version {group.version}")
    _must_be_linkable(group.project, reader, known)


def evolve(state: Share | None, fact: Event) -> Share:
    """Fold one event."""
    match fact:
        case ShareOffered(shared=shared, receiver=receiver):
            if state is not None:
                return replace(state, phase="offered")
            return Share(shared=shared, receiver=receiver, phase="offered", settled=True)
        case ShareAccepted() if state is not None:
            return replace(state, phase="accepted", settled=False)
        case ShareDeclined() if state is not None:
            return replace(state, phase="declined", settled=False)
        case ShareRevoked() if state is not None:
            return replace(state, phase="revoked", settled=False)
        case ShareEnforced(open=opened) if state is not None:
            return replace(state, open=opened, settled=True)
        case _:
            raise unknown(fact)


aggregate("share", Share, decide=decide, evolve=evolve)
