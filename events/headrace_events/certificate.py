"""Certificates of members: one person, one project, one generation each."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import Conflict, Forbidden, Invalid, NotFound
from headrace_events.ids import Micros
from headrace_events.language import Command, Event, command, event, value
from headrace_events.member import Membership
from headrace_events.user import may_act_for, must_be_active


class Ending(StrEnum):
    """Why a generation has no rights any more before it expires."""

    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    MEMBER_REMOVED = "member-removed"
    PERSON_DEACTIVATED = "person-deactivated"
    PROJECT_DELETED = "project-deleted"


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
    """Provisioning says: the person has left or was shut out, and no access rule names these generations any more."""

    project: str
    user: str
    generations: tuple[int, ...]
    reason: Ending = Ending.PERSON_DEACTIVATED

    @property
    def key(self) -> str:
        return self.user


@event("certificate.requested")
class CertificateRequested(Event):
    """Provisioning signs the request as `<project>__<user>__<generation>`; `replaces` is the one that it renews."""

    user: str
    generation: int
    signing_request: str
    replaces: int | None = None

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
    """A member's generations: the last one given out, those that are alive, and when those issued last expire."""

    last: int
    pending: tuple[int, ...] = ()
    live: tuple[int, ...] = ()
    expiries: tuple[Micros, ...] = ()


LIVE_AT_MOST = 8
"""Generations of one person alive at a time; the oldest makes room (a person may work from several places)."""

UNEXPIRED_AT_MOST = 128
"""Generations of one person that wait or have not expired, alive or not: each that is revoked stays on the revocation
list until it expires. Eight places that renew at two thirds of a life never have more than sixteen."""


def decide(state: Certificates | None, wish: Command, known: Known) -> list[Event]:
    """Give each request the next generation; let nobody but the person or an administrator ask."""
    match wish:
        case RequestCertificate(project=project, user=user, signing_request=signing_request, replaces=replaces):
            if not may_act_for(user, known):
                raise Forbidden(
                    "not-your-certificate", "only the person, or an administrator, may ask for a certificate"
                )
            must_be_active(user, known)
            members = known.state(Membership, project, "")
            if members is None or user not in members.roles:
                raise NotFound("member", user)
            if len(signing_request) > 10_000:
                raise Invalid("signing-request-too-large", "a signing request has at most 10,000 characters")
            last = state.last if state else 0
            if replaces is not None and not 1 <= replaces <= last:
                raise NotFound("certificate", f"{user} {replaces}")
            _must_have_room(state, known.now)
            requested = CertificateRequested(
                user=user, generation=last + 1, signing_request=signing_request, replaces=replaces
            )
            return [requested]
        case RecordCertificate(user=user, generation=generation):
            _must_be_pending(state, user, generation)
            return _issued(state, wish)
        case RejectCertificateRequest(user=user, generation=generation, reason=reason):
            _must_be_pending(state, user, generation)
            return [CertificateRejected(user=user, generation=generation, reason=reason)]
        case RevokeCertificate(user=user, generation=generation):
            if state is None or generation not in state.live:
                raise NotFound("certificate", f"{user} {generation}")
            return [CertificateRevoked(user=user, generation=generation)]
        case RecordCertificatesClosed():
            return _closed(state, wish)
        case _:
            raise unknown(wish)


def _must_have_room(state: Certificates | None, now: Micros) -> None:
    """Whoever asks again and again waits until the first of theirs has expired."""
    if state is None:
        return
    lasting = [expires for expires in state.expiries if expires > now]
    if len(state.pending) + len(lasting) >= UNEXPIRED_AT_MOST:
        raise Conflict(
            "too-many-certificates",
            f"a person has at most {UNEXPIRED_AT_MOST} certificates of a project that have not expired: keep the one"
            " you have and renew it, or wait until the first has expired",
            {"until": str(min(lasting, default=now))},
        )


def _issued(state: Certificates | None, said: RecordCertificate) -> list[Event]:
    """The generation is alive; the oldest makes room for one too many."""
    issued = CertificateIssued(
        user=said.user,
        generation=said.generation,
        certificate=said.certificate,
        serial=said.serial,
        expires=said.expires,
        begins=said.begins,
        authority=said.authority,
    )
    if state is None or len(state.live) < LIVE_AT_MOST:
        return [issued]
    return [issued, CertificateRevoked(user=said.user, generation=min(state.live), reason=Ending.SUPERSEDED)]


_BEFORE: Mapping[Ending, str] = {
    Ending.MEMBER_REMOVED: "left the project",
    Ending.PERSON_DEACTIVATED: "was deactivated",
}


def _closed(state: Certificates | None, said: RecordCertificatesClosed) -> list[Event]:
    """Each of the generations that is still alive or waited for is so no more."""
    closed: list[Event] = []
    for generation in said.generations:
        if state and generation in state.live:
            closed.append(CertificateRevoked(user=said.user, generation=generation, reason=said.reason))
        elif state and generation in state.pending:
            reason = f"{said.user} {_BEFORE.get(said.reason, 'lost it')} before it was signed"
            closed.append(CertificateRejected(user=said.user, generation=generation, reason=reason))
    return closed


def _must_be_pending(state: Certificates | None, user: str, generation: int) -> None:
    if state is None or generation not in state.pending:
        raise Conflict("not-pending", f"generation {generation} of {user!r} is not waiting for a certificate")


def evolve(state: Certificates | None, fact: Event) -> Certificates:
    """Fold one event."""
    now = state or Certificates(last=0)
    match fact:
        case CertificateRequested(generation=generation):
            return replace(now, last=generation, pending=(*now.pending, generation))
        case CertificateIssued(generation=generation, expires=expires):
            expiries = (*now.expiries, expires)[-UNEXPIRED_AT_MOST:]
            pending = _less(now.pending, generation)
            return replace(now, pending=pending, live=(*now.live, generation), expiries=expiries)
        case CertificateRejected(generation=generation):
            return replace(now, pending=_less(now.pending, generation))
        case CertificateRevoked(generation=generation):
            return replace(now, live=_less(now.live, generation))
        case _:
            raise unknown(fact)


def _less(generations: tuple[int, ...], one: int) -> tuple[int, ...]:
    return tuple(generation for generation in generations if generation != one)


aggregate("certificate", Certificates, decide=decide, evolve=evolve)
