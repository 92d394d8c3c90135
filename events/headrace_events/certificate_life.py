"""The life of a certificate: asked for, signed by provisioning, and closed; who may ask, and for how many."""

from collections.abc import Mapping
from dataclasses import replace

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.certificate import (
    CertificateIssued,
    CertificateRejected,
    CertificateRequested,
    CertificateRevoked,
    Certificates,
    Ending,
    RecordCertificate,
    RecordCertificatesClosed,
    RejectCertificateRequest,
    RequestCertificate,
    RequestTrialCertificate,
    RevokeCertificate,
)
from headrace_events.errors import Conflict, Forbidden, Invalid, NotFound
from headrace_events.halving import Study
from headrace_events.ids import Micros
from headrace_events.language import Command, Event
from headrace_events.member import Membership
from headrace_events.study import TrialRung
from headrace_events.user import may_act_for, must_be_active

LIVE_AT_MOST = 8
"""Generations of one person's own alive at a time; the oldest makes room (a person may work from several places)."""

UNEXPIRED_AT_MOST = 128
"""Generations of one person's own that wait or have not expired, alive or not: each that is revoked stays on the
revocation list until it expires. Eight places that renew at two thirds of a life never have more than sixteen."""


def decide(state: Certificates | None, wish: Command, known: Known) -> list[Event]:
    """Give each request the next generation; let nobody but the person or an administrator ask."""
    match wish:
        case RequestCertificate(project=project, user=user, signing_request=signing_request, replaces=replaces):
            if not may_act_for(user, known):
                raise Forbidden(
                    "not-your-certificate", "only the person, or an administrator, may ask for a certificate"
                )
            _must_be_asked_well(project, user, signing_request, known)
            now = state or Certificates(last=0)
            if replaces is not None and (not 1 <= replaces <= now.last or not now.own((replaces,))):
                raise NotFound("certificate", f"{user} {replaces}")
            _must_have_room(state, known.now)
            requested = CertificateRequested(
                user=user, generation=now.last + 1, signing_request=signing_request, replaces=replaces
            )
            return [requested]
        case RequestTrialCertificate():
            return _for_trial(state, wish, known)
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


def _must_be_asked_well(project: str, user: str, signing_request: str, known: Known) -> None:
    must_be_active(user, known)
    members = known.state(Membership, project, "")
    if members is None or user not in members.roles:
        raise NotFound("member", user)
    if len(signing_request) > 10_000:
        raise Invalid("signing-request-too-large", "a signing request has at most 10,000 characters")


def _for_trial(state: Certificates | None, wish: RequestTrialCertificate, known: Known) -> list[Event]:
    """A certificate for the worker that runs the rung now, in the place of those that workers before it had."""
    study = known.state(Study, wish.project, wish.run.study)
    if study is None or study.reader is None or study.reader != wish.user:
        raise Conflict("reads-no-topics", f"no trial of study {wish.run.study!r} reads topics for {wish.user!r}")
    if not study.runs(wish.run):
        raise Conflict("trial-not-running", f"trial {wish.run.trial} does not run at rung {wish.run.rung}")
    _must_be_asked_well(wish.project, wish.user, wish.signing_request, known)
    earlier = tuple(int(number) for number, run in state.runs.items() if run == wish.run) if state else ()
    ended = RecordCertificatesClosed(project=wish.project, user=wish.user, generations=earlier, reason=Ending.RUN_ENDED)
    requested = CertificateRequested(
        user=wish.user,
        generation=(state.last if state else 0) + 1,
        signing_request=wish.signing_request,
        run=wish.run,
    )
    return [*_closed(state, ended), requested]


def _must_have_room(state: Certificates | None, now: Micros) -> None:
    """Whoever asks again and again waits until the first of theirs has expired."""
    if state is None:
        return
    lasting = [expires for expires in state.expiries if expires > now]
    if len(state.own(state.pending)) + len(lasting) >= UNEXPIRED_AT_MOST:
        raise Conflict(
            "too-many-certificates",
            f"a person has at most {UNEXPIRED_AT_MOST} certificates of a project that have not expired: keep the one"
            " you have and renew it, or wait until the first has expired",
            {"until": str(min(lasting, default=now))},
        )


def _issued(state: Certificates | None, said: RecordCertificate) -> list[Event]:
    """The generation is alive; of the person's own, the oldest makes room for one too many."""
    issued = CertificateIssued(
        user=said.user,
        generation=said.generation,
        certificate=said.certificate,
        serial=said.serial,
        expires=said.expires,
        begins=said.begins,
        authority=said.authority,
    )
    own = state.own(state.live) if state else ()
    if len(own) < LIVE_AT_MOST or (state and str(said.generation) in state.runs):
        return [issued]
    return [issued, CertificateRevoked(user=said.user, generation=min(own), reason=Ending.SUPERSEDED)]


_BEFORE: Mapping[Ending, str] = {
    Ending.MEMBER_REMOVED: "left the project",
    Ending.PERSON_DEACTIVATED: "was deactivated",
    Ending.RUN_ENDED: "had the run no more",
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
        case CertificateRequested(generation=generation, run=run):
            runs = now.runs if run is None else {**now.runs, str(generation): run}
            return replace(now, last=generation, pending=(*now.pending, generation), runs=runs)
        case CertificateIssued(generation=generation, expires=expires):
            own = str(generation) not in now.runs
            expiries = (*now.expiries, expires)[-UNEXPIRED_AT_MOST:] if own else now.expiries
            pending = _less(now.pending, generation)
            return replace(now, pending=pending, live=(*now.live, generation), expiries=expiries)
        case CertificateRejected(generation=generation):
            return replace(now, pending=_less(now.pending, generation), runs=_without(now.runs, generation))
        case CertificateRevoked(generation=generation):
            return replace(now, live=_less(now.live, generation), runs=_without(now.runs, generation))
        case _:
            raise unknown(fact)


def _less(generations: tuple[int, ...], one: int) -> tuple[int, ...]:
    return tuple(generation for generation in generations if generation != one)


def _without(runs: Mapping[str, TrialRung], generation: int) -> Mapping[str, TrialRung]:
    return {number: run for number, run in runs.items() if number != str(generation)}


aggregate("certificate", Certificates, decide=decide, evolve=evolve)
