"""Certificates of members, and of workers on their behalf: one person, one project, one generation each."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from headrace_events.ids import Micros
from headrace_events.language import Command, Event, command, event, value
from headrace_events.study import TrialRung


class Ending(StrEnum):
    """Why a generation has no rights any more before it expires."""

    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    MEMBER_REMOVED = "member-removed"
    PERSON_DEACTIVATED = "person-deactivated"
    PROJECT_DELETED = "project-deleted"
    RUN_ENDED = "run-ended"


@command("certificate.request")
class RequestCertificate(Command):
    """Ask for a certificate over the public key of a PKCS#10 request (PEM); its subject is ours to choose.

    `replaces` is the generation that it renews, where it renews one.
    """

    project: str
    user: str
    signing_request: str
    replaces: int | None = None

    @property
    def key(self) -> str:
        return self.user


@command("certificate.request_for_trial")
class RequestTrialCertificate(Command):
    """The study driver asks for whoever asked for the study: to read topics with, while the trial runs at that rung."""

    project: str
    user: str
    run: TrialRung
    signing_request: str

    @property
    def key(self) -> str:
        return self.user


@command("certificate.record")
class RecordCertificate(Command):
    """Provisioning says: signed, and the access rules that name it hold."""

    project: str
    user: str
    generation: int
    certificate: str
    serial: str
    expires: Micros
    begins: Micros | None = None
    authority: int = 1

    @property
    def key(self) -> str:
        return self.user


@command("certificate.reject")
class RejectCertificateRequest(Command):
    """Provisioning says: the signing request cannot be signed."""

    project: str
    user: str
    generation: int
    reason: str

    @property
    def key(self) -> str:
        return self.user


@command("certificate.revoke")
class RevokeCertificate(Command):
    """Close the broker to one generation for ever."""

    project: str
    user: str
    generation: int

    @property
    def key(self) -> str:
        return self.user


@command("certificate.record_closed")
class RecordCertificatesClosed(Command):
    """Provisioning says: no access rule names these generations any more.

    Their person has left or was shut out, or the run that they were for has ended.
    """

    project: str
    user: str
    generations: tuple[int, ...]
    reason: Ending = Ending.PERSON_DEACTIVATED

    @property
    def key(self) -> str:
        return self.user


@event("certificate.requested")
class CertificateRequested(Event):
    """Provisioning signs the request as `<project>__<user>__<generation>`; `replaces` is the one that it renews.

    One with a `run` is a worker's, signed as `<project>__<user>__w<generation>`: it counts while that rung runs.
    """

    user: str
    generation: int
    signing_request: str
    replaces: int | None = None
    run: TrialRung | None = None

    @property
    def key(self) -> str:
        return self.user


@event("certificate.issued")
class CertificateIssued(Event):
    """The certificate (PEM) can be used from when it begins (before that was recorded: None) until it expires."""

    user: str
    generation: int
    certificate: str
    serial: str
    expires: Micros
    begins: Micros | None = None
    authority: int = 1

    @property
    def key(self) -> str:
        return self.user


@event("certificate.rejected")
class CertificateRejected(Event):
    """The request could not be signed."""

    user: str
    generation: int
    reason: str

    @property
    def key(self) -> str:
        return self.user


@event("certificate.revoked")
class CertificateRevoked(Event):
    """The generation has no rights any more."""

    user: str
    generation: int
    reason: Ending = Ending.REVOKED

    @property
    def key(self) -> str:
        return self.user


@value
class Certificates:
    """A member's generations: the last one given out, those that wait, and those that are alive.

    `runs` says of those among them that are workers' what they are for; `expiries` are when those of the member's own
    end that were issued last.
    """

    last: int
    pending: tuple[int, ...] = ()
    live: tuple[int, ...] = ()
    expiries: tuple[Micros, ...] = ()
    runs: Mapping[str, TrialRung] = field(default_factory=dict)

    def own(self, generations: tuple[int, ...]) -> tuple[int, ...]:
        """Those of them that are no worker's."""
        return tuple(one for one in generations if str(one) not in self.runs)
