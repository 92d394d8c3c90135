"""Shares: one project lets another read something of its own, once a Data Owner there has accepted.

A share is the platform's, for it belongs to two projects; its id names what is shared and with whom. What holds at the
brokers follows from it, and provisioning says when.
"""

from collections.abc import Callable, Iterable

from headrace_events.aggregates import Known
from headrace_events.errors import NotFound, Sensitive
from headrace_events.language import Command, Event, Home, command, event, value
from headrace_events.project import Project, is_sensitive
from headrace_events.shared import Shareable, Shared


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


def stands(project: str, known: Known) -> bool:
    """Whether a project is there that shares can be with."""
    found = known.state(Project, None, project)
    return found is not None and found.phase in {"ready", "archived"}


def must_be_linkable(project: str, receiver: str, known: Known) -> None:
    """Raise Sensitive where either project keeps to itself."""
    for name in (project, receiver):
        if is_sensitive(name, known):
            raise Sensitive(name)


def must_be_shared(group: Shared, reader: str, known: Known) -> None:
    """Raise NotFound unless an accepted share gives the project that version of a group; Sensitive while it rests."""
    store = Shared(project=group.project, what=Shareable.FEATURE_STORE)
    shares = [known.state(Share, None, share_id(one, reader)) for one in (group, store)]
    if not stands(group.project, known) or not any(share is not None and share.accepted for share in shares):
        raise NotFound("shared feature group", f"{group.project}:{group.name} version {group.version}")
    must_be_linkable(group.project, reader, known)
