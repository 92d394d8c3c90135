"""The life of a share: offered, accepted or declined, revoked, and offered again; the brokers follow."""

from dataclasses import replace

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound, Refusal
from headrace_events.language import Command, Event
from headrace_events.member import Membership
from headrace_events.project import is_sensitive, must_take_commands
from headrace_events.share import (
    AcceptShare,
    DeclineShare,
    OfferShare,
    RecordShareEnforced,
    RevokeShare,
    Share,
    ShareAccepted,
    ShareDeclined,
    ShareEnforced,
    ShareOffered,
    ShareRevoked,
    counts,
    must_be_linkable,
    stands,
)
from headrace_events.shared import must_be_whole, must_exist

MOST_OFFERS = 100
"""How many offers of one project to another one can stand at a time."""


def decide(state: Share | None, wish: Command, known: Known) -> list[Event]:
    """Let only the receiver accept what stands, and either side end it; what has ended can be offered again."""
    match wish:
        case OfferShare():
            return [_offered(state, wish, known)]
        case AcceptShare(project=project, share=share):
            found = _received(state, share, project, known)
            must_take_commands(project, known)
            must_be_linkable(found.shared.project, found.receiver, known)
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
    must_be_linkable(wish.project, wish.project, known)
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
        if not stands(receiver, known):
            raise NotFound("receiving project", receiver)
        must_take_commands(receiver, known)
        must_be_linkable(receiver, receiver, known)
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
    if state is None or not (stands(state.shared.project, known) and stands(state.receiver, known)):
        raise NotFound("share", share)
    return state


def _not_theirs(found: Share, share: str, project: str) -> NotFound | Forbidden:
    """What a project is told that the step is not for: the other side who takes it, a third one of no share at all."""
    if project not in {found.shared.project, found.receiver}:
        return NotFound("share", share)
    return Forbidden(
        "other-side-only",
        f"Data Owners of {found.receiver!r} accept or decline this share, those of {found.shared.project!r} revoke it",
        {"project": found.shared.project, "receiver": found.receiver},
    )


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
