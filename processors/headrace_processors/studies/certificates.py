"""Certificates of workers that read topics: asked for when a rung is due, handed over when it can begin.

The key is made here, and is in memory alone: here until the certificate is there, then where the rung runs. Whoever
takes over after this process was killed asks for another one, which takes the place of the first.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Protocol

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
from headrace_processors.studies.worker import Failed
from headrace_processors.studies.workers import Lost, Slot

ACTOR = "system:studies"
RETRY_SECONDS = 2.0
PATIENCE_SECONDS = 60.0


class Commands(Protocol):
    """Sends commands."""

    def send(self, request: Request) -> "Future[Result]":
        """Send; the future holds the result or Unavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCertificate:
    """A certificate and its key (PEM), and how the names of its consumer groups begin."""

    certificate: str
    key: str = field(repr=False)
    group_prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    slot: Slot
    user: str
    key: str = field(repr=False)
    request: Request
    future: "Future[Result]"
    begun: float
    sent: float
    generation: int | None = None


class WorkerCertificates:
    """Those that rungs wait for; all of it may be lost."""

    def __init__(self, commands: Commands, clock: Callable[[], float] = time.monotonic) -> None:
        self._commands = commands
        self._clock = clock
        self._asked: dict[CommandId, _Asked] = {}
        self._came: list[tuple[Slot, WorkerCertificate | Failed | Lost]] = []

    def ask(self, slot: Slot, user: str) -> None:
        """Ask for one on behalf of that person."""
        key, signing_request = member_request()
        run = TrialRung(study=slot.study.study, trial=slot.trial, rung=slot.rung)
        wish = RequestTrialCertificate(project=slot.study.project, user=user, run=run, signing_request=signing_request)
        request = Request(command=wish, id=CommandId(uuid7()), actor=ACTOR)
        now = self._clock()
        self._asked[request.id] = _Asked(
            slot=slot,
            user=user,
            key=key,
            request=request,
            future=self._commands.send(request),
            begun=now,
            sent=now,
        )

    def apply(self, recorded: Recorded) -> None:
        """Fold one event: which generation a request was given, and what became of that."""
        fact = recorded.event
        if isinstance(fact, CertificateRequested) and recorded.cause in self._asked:
            self._asked[recorded.cause] = replace(self._asked[recorded.cause], generation=fact.generation)
        elif isinstance(fact, CertificateIssued | CertificateRejected):
            for command, asked in list(self._asked.items()):
                place = (asked.slot.study.project, asked.user, asked.generation)
                if place == (recorded.project, fact.user, fact.generation):
                    del self._asked[command]
                    self._came.append((asked.slot, _became(asked, fact)))

    def take(self) -> list[tuple[Slot, WorkerCertificate | Failed | Lost]]:
        """What came since the last call: certificates, refusals, and what was waited for in vain."""
        now = self._clock()
        for command, asked in list(self._asked.items()):
            if now - asked.begun > PATIENCE_SECONDS:
                del self._asked[command]
                late = Lost(f"its certificate was not issued within {PATIENCE_SECONDS:.0f} s")
                self._came.append((asked.slot, late))
            elif asked.future.done() and (refused := self._refused(asked, now)) is not None:
                del self._asked[command]
                self._came.append((asked.slot, refused))
        came, self._came = self._came, []
        return came

    def _refused(self, asked: _Asked, now: float) -> Failed | None:
        """Why there will be none; what got lost on its way is sent again."""
        if asked.future.exception() is not None:
            if now - asked.sent > RETRY_SECONDS:
                again = replace(asked, future=self._commands.send(asked.request), sent=now)
                self._asked[asked.request.id] = again
            return None
        result = asked.future.result()
        return None if result.accepted else Failed(f"no-certificate: {result.message} ({result.code})")


def _became(asked: _Asked, fact: CertificateIssued | CertificateRejected) -> WorkerCertificate | Failed:
    if isinstance(fact, CertificateRejected):
        return Failed(f"no-certificate: {fact.reason}")
    prefix = worker_groups(asked.slot.study.project, asked.user, fact.generation)
    return WorkerCertificate(certificate=fact.certificate, key=asked.key, group_prefix=prefix)
