"""Certificates of workers that read topics: asked for when a rung is due, handed over when it can begin.

The key is made here, and is in memory alone: here until the certificate is there, then where the rung runs. Whoever
takes over after this process was killed asks for another one, which takes the place of the first. However long it
takes, a rung waits for what it asked for, does not ask again, and does not fail for it.
"""

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from headrace_broker.acls import worker_groups
from headrace_broker.member_request import member_request
from headrace_broker.results import Result
from headrace_events.certificate import (
    CertificateIssued,
    CertificateRejected,
    CertificateRequested,
    RequestTrialCertificate,
)
from headrace_events.envelope import Recorded, Request
from headrace_events.ids import CommandId, uuid7
from headrace_events.study import TrialRung
from headrace_processors.studies.sending import ACTOR, Commands, Sent, is_overtaken
from headrace_processors.studies.worker import Failed
from headrace_processors.studies.workers import Slot

logger = logging.getLogger("headrace.studies")

LATE_SECONDS = 60.0

ASKED_AT_MOST = 8
"""Requests on their way at a time, over all studies: members wait for the same provisioning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCertificate:
    """A certificate and its key (PEM), and how the names of its consumer groups begin."""

    certificate: str
    key: str = field(repr=False)
    group_prefix: str


@dataclass(frozen=True, slots=True)
class Overtaken:
    """The request was refused because the log had gone on: what it says by now tells whether the rung runs."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    user: str
    key: str = field(repr=False)
    sent: Sent
    begun: float
    late: bool = False
    generation: int | None = None


class WorkerCertificates:
    """Those that rungs wait for; all of it may be lost."""

    def __init__(self, commands: Commands, clock: Callable[[], float] = time.monotonic) -> None:
        self._commands = commands
        self._clock = clock
        self._waiting: dict[Slot, str] = {}
        self._asked: dict[Slot, _Asked] = {}
        self._came: list[tuple[Slot, WorkerCertificate | Failed | Overtaken]] = []

    def ask(self, slot: Slot, user: str) -> None:
        """Ask for one on behalf of that person, as soon as it is its turn."""
        if slot not in self._asked:
            self._waiting[slot] = user
            self._ask_next()

    def keep(self, wanted: Collection[Slot]) -> None:
        """Wait for none but these any more."""
        self._waiting = {slot: user for slot, user in self._waiting.items() if slot in wanted}
        self._asked = {slot: asked for slot, asked in self._asked.items() if slot in wanted}

    def apply(self, recorded: Recorded) -> None:
        """Fold one event: which generation a request was given, and what became of that."""
        fact = recorded.event
        for slot, asked in list(self._asked.items()):
            if isinstance(fact, CertificateRequested) and recorded.cause == asked.sent.request.id:
                self._asked[slot] = replace(asked, generation=fact.generation)
            elif isinstance(fact, CertificateIssued | CertificateRejected):
                place = (slot.study.project, asked.user, asked.generation)
                if place == (recorded.project, fact.user, fact.generation):
                    self._came.append((slot, _became(slot, asked, fact)))
                    del self._asked[slot]

    def take(self) -> list[tuple[Slot, WorkerCertificate | Failed | Overtaken]]:
        """What came since the last call: certificates and refusals."""
        now = self._clock()
        for slot, asked in list(self._asked.items()):
            if asked.sent.failed:
                self._asked[slot] = replace(asked, sent=asked.sent.retried(self._commands, now))
            elif (result := asked.sent.answer()) is not None and (refused := _refused(result)) is not None:
                del self._asked[slot]
                self._came.append((slot, refused))
            elif now - asked.begun > LATE_SECONDS and not asked.late:
                run = f"{slot.study.study}/{slot.trial} rung {slot.rung}"
                logger.warning("%s waits for its certificate for more than %.0f s", run, LATE_SECONDS)
                self._asked[slot] = replace(asked, late=True)
        self._ask_next()
        came, self._came = self._came, []
        return came

    def _ask_next(self) -> None:
        """Ask for those whose turn it is, who waited longest first."""
        while self._waiting and len(self._asked) < ASKED_AT_MOST:
            slot = next(iter(self._waiting))
            self._send(slot, self._waiting.pop(slot))

    def _send(self, slot: Slot, user: str) -> None:
        key, signing_request = member_request()
        run = TrialRung(study=slot.study.study, trial=slot.trial, rung=slot.rung)
        wish = RequestTrialCertificate(project=slot.study.project, user=user, run=run, signing_request=signing_request)
        request = Request(command=wish, id=CommandId(uuid7()), actor=ACTOR)
        now = self._clock()
        self._asked[slot] = _Asked(user=user, key=key, sent=Sent.by(self._commands, request, now), begun=now)


def _refused(result: Result) -> Failed | Overtaken | None:
    """Why there will be none."""
    if result.accepted:
        return None
    reason = f"no-certificate: {result.message} ({result.code})"
    return Overtaken(reason) if is_overtaken(result) else Failed(reason)


def _became(slot: Slot, asked: _Asked, fact: CertificateIssued | CertificateRejected) -> WorkerCertificate | Failed:
    if isinstance(fact, CertificateRejected):
        return Failed(f"no-certificate: {fact.reason}")
    prefix = worker_groups(slot.study.project, asked.user, fact.generation)
    return WorkerCertificate(certificate=fact.certificate, key=asked.key, group_prefix=prefix)
