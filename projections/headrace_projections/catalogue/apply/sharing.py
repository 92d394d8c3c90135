"""What projects let one another read."""

from headrace_events.envelope import Recorded
from headrace_events.share import ShareAccepted, ShareDeclined, ShareEnforced, ShareOffered, ShareRevoked
from headrace_projections.catalogue.apply.handlers import authored, on
from headrace_projections.changes import Change, Update, Upsert, Values

_Answer = ShareAccepted | ShareDeclined | ShareRevoked


def _key(event: _Answer | ShareOffered | ShareEnforced) -> Values:
    return {"project": event.project, "receiver": event.receiver, "share": event.share}


@on(ShareOffered)
def offer_share(event: ShareOffered, at: Recorded) -> list[Change]:
    """Show what is offered to whom; what ended before begins anew."""
    row = {
        "what": event.what.value,
        "name": event.name,
        "version": event.version,
        "phase": "offered",
        "answered_by": None,
        "answered_seq": None,
        "answered_time": None,
        **authored("offered", at),
    }
    return [Upsert("shares", _key(event), row)]


def _answered(event: _Answer, at: Recorded, phase: str) -> list[Change]:
    return [Update("shares", _key(event), {"phase": phase, "settled": False, **authored("answered", at)})]


@on(ShareAccepted)
def accept_share(event: ShareAccepted, at: Recorded) -> list[Change]:
    """Show that the receiver's members may read, and who accepted."""
    return _answered(event, at, "accepted")


@on(ShareDeclined)
def decline_share(event: ShareDeclined, at: Recorded) -> list[Change]:
    """Show that the receiver does not want it, and who said so."""
    return _answered(event, at, "declined")


@on(ShareRevoked)
def revoke_share(event: ShareRevoked, at: Recorded) -> list[Change]:
    """Show that it was taken back, and by whom."""
    return _answered(event, at, "revoked")


@on(ShareEnforced)
def enforce_share(event: ShareEnforced, at: Recorded) -> list[Change]:
    """Show what holds at the brokers."""
    return [Update("shares", _key(event), {"open": event.open, "settled": True})]
