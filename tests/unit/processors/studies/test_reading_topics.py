"""Trials that read topics: each rung begins when it has a certificate, and nobody has the key but the worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from tests.unit.processors.studies.platform import MemoryPlatform
from tests.unit.processors.studies.test_driver import begin, of

from headrace_broker.results import Result
from headrace_events.certificate import (
    CertificateIssued,
    CertificateRequested,
    CertificateRevoked,
    Ending,
    RecordCertificate,
    RejectCertificateRequest,
)
from headrace_events.envelope import Request
from headrace_events.ids import CommandId, Micros, uuid7
from headrace_events.language import Command
from headrace_events.member import RemoveMember
from headrace_events.project import MarkSensitive
from headrace_events.study import Halving, RungReported, StudyCompleted, TrialFailed
from headrace_processors.studies.driver import NOT_ISOLATED, Driver


def peek(project: Any) -> float:
    """Read nothing, but look at what there is to read with."""
    print(sorted(project._connection))
    print(project, project._connection["ssl.certificate.pem"], project._group_prefix, 1 in project._schemas._texts)
    return 1.0


def said(platform: MemoryPlatform, command: Command, actor: str) -> Result:
    return platform.send(Request(command=command, id=CommandId(uuid7()), actor=actor)).result()


@dataclass(slots=True)
class Provisioning:
    """Signs what is asked for, or refuses it."""

    platform: MemoryPlatform
    refuses: bool = False
    done: set[int] = field(default_factory=set)

    def step(self) -> None:
        """Answer every request that waits."""
        for asked in of(self.platform, CertificateRequested):
            if asked.generation in self.done:
                continue
            self.done.add(asked.generation)
            answer: Command = (
                RejectCertificateRequest(
                    project="flights", user=asked.user, generation=asked.generation, reason="no ink"
                )
                if self.refuses
                else RecordCertificate(
                    project="flights",
                    user=asked.user,
                    generation=asked.generation,
                    certificate=f"certificate {asked.generation}",
                    serial=str(asked.generation),
                    expires=Micros(2**60),
                )
            )
            said(self.platform, answer, "system:provisioning")


def drive(platform: MemoryPlatform, provisioning: Provisioning, *, kill_every: int = 10**9) -> None:
    driver = platform.driver()
    for step in range(1, 300):
        driver.step(0)
        provisioning.step()
        if isinstance(platform.log[-1].event, StudyCompleted):
            return
        if step % kill_every == 0:
            driver = platform.driver()
    raise AssertionError("the study has not ended")


def asking(**change: Any) -> MemoryPlatform:
    return begin(peek, **{"trials": 1, "halving": Halving(rungs=1), "reads_topics": True, **change})


def test_a_rung_begins_with_a_certificate_of_its_own_and_not_before() -> None:
    platform = asking()
    driver = platform.driver()
    for _ in range(20):
        driver.step(0)
    (asked,) = of(platform, CertificateRequested)
    assert (asked.user, asked.run.study, asked.run.trial, asked.run.rung) == ("bob", "s1", 0, 0)
    assert of(platform, RungReported) == []
    Provisioning(platform).step()
    for _ in range(20):
        driver.step(0)
    assert [fact.metric for fact in of(platform, RungReported)] == [1.0]
    lines = [message.text for _, message in platform.runs.written if hasattr(message, "text")]
    assert lines == [
        "['bootstrap.servers', 'ssl.certificate.pem', 'ssl.key.pem']",
        "TrialProject('flights') certificate 1 flights.bob.w1. True",
    ]


def test_the_request_is_over_a_key_that_is_in_no_event() -> None:
    platform = asking()
    drive(platform, Provisioning(platform))
    (asked,) = of(platform, CertificateRequested)
    request = x509.load_pem_x509_csr(asked.signing_request.encode())
    assert request.is_signature_valid
    assert "PRIVATE KEY" not in "".join(repr(recorded.event) for recorded in platform.log)


def test_every_rung_has_another_one() -> None:
    platform = asking(trials=2, halving=Halving(rungs=2))
    drive(platform, Provisioning(platform))
    runs = [(asked.run.trial, asked.run.rung) for asked in of(platform, CertificateRequested)]
    assert sorted(runs) == [(0, 0), (0, 1), (1, 0)]


def test_a_trial_that_did_not_ask_holds_none_and_is_offered_no_project() -> None:
    platform = asking(reads_topics=False)
    drive(platform, Provisioning(platform))
    assert of(platform, CertificateRequested) == []
    assert "needs 'project'" in of(platform, TrialFailed)[0].reason


def test_a_driver_that_was_killed_asks_again_and_the_first_certificate_ends() -> None:
    platform = asking()
    provisioning = Provisioning(platform)
    first = platform.driver()
    for _ in range(4):
        first.step(0)
    provisioning.step()
    drive(platform, provisioning)
    assert [fact.generation for fact in of(platform, CertificateIssued)] == [1, 2]
    assert of(platform, CertificateRevoked) == [CertificateRevoked(user="bob", generation=1, reason=Ending.RUN_ENDED)]
    assert len(of(platform, RungReported)) == 1


def test_a_trial_whose_person_has_left_fails_and_says_why() -> None:
    platform = asking()
    said(platform, RemoveMember(project="flights", user="bob"), "user:ada")
    drive(platform, Provisioning(platform))
    assert [fact.reason for fact in of(platform, TrialFailed)] == [
        "no-certificate: there is no member 'bob' (member-not-found)"
    ]


def test_a_trial_whose_certificate_is_not_signed_fails_and_says_why() -> None:
    platform = asking()
    drive(platform, Provisioning(platform, refuses=True))
    assert [fact.reason for fact in of(platform, TrialFailed)] == ["no-certificate: no ink"]


def test_where_trials_are_not_isolated_none_of_a_sensitive_project_is_even_asked_for() -> None:
    platform = asking()
    platform.isolated = False
    said(platform, MarkSensitive(project="flights"), "user:ada")
    drive(platform, Provisioning(platform))
    assert [fact.reason for fact in of(platform, TrialFailed)] == [NOT_ISOLATED]
    assert of(platform, CertificateRequested) == []


def test_a_rung_that_became_sensitive_while_it_waited_does_not_begin_where_it_is_not_isolated() -> None:
    platform = asking()
    platform.isolated = False
    driver: Driver = platform.driver()
    for _ in range(4):
        driver.step(0)
    said(platform, MarkSensitive(project="flights"), "user:ada")
    Provisioning(platform).step()
    for _ in range(4):
        driver.step(0)
    assert [fact.reason for fact in of(platform, TrialFailed)] == [NOT_ISOLATED]
