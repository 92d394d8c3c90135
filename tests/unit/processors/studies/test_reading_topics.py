"""Trials that read topics: each rung begins when it has a certificate, and nobody has the key but the worker."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography import x509
from tests.unit.processors.studies.platform import MemoryFeed, MemoryPlatform
from tests.unit.processors.studies.test_driver import begin, of

from headrace_broker.errors import Unavailable
from headrace_broker.feed import Events
from headrace_broker.results import Result
from headrace_events.certificate import (
    CertificateIssued,
    CertificateRejected,
    CertificateRequested,
    CertificateRevoked,
    Ending,
    RecordCertificate,
    RecordCertificatesClosed,
    RejectCertificateRequest,
    RequestTrialCertificate,
)
from headrace_events.envelope import Request
from headrace_events.ids import CommandId, Micros, uuid7
from headrace_events.language import Command
from headrace_events.member import RemoveMember
from headrace_events.project import MarkSensitive
from headrace_events.study import (
    Halving,
    ReportRung,
    ReportTrialFailure,
    RungReported,
    StartTrial,
    StudyCompleted,
    TrialFailed,
    TrialPromoted,
)
from headrace_processors.studies.certificates import ASKED_AT_MOST, LATE_SECONDS, WorkerCertificates
from headrace_processors.studies.driver import NOT_ISOLATED, Driver
from headrace_processors.studies.runs import MemoryRunLog
from headrace_processors.studies.sending import RETRY_SECONDS
from headrace_processors.studies.topics import TopicReading
from headrace_processors.studies.workers import InlineWorkers


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


@dataclass(slots=True)
class SlowFeed(MemoryFeed):
    """Hands out nothing for a while, and does not know that there is more."""

    held: bool = False

    def poll(self, seconds: float = 0.5) -> Events:
        """Give what came, unless it is held back."""
        return Events([]) if self.held else MemoryFeed.poll(self, seconds)

    def at_end(self) -> bool:
        """Say whether all was read, as far as it knows."""
        return self.held or MemoryFeed.at_end(self)


@dataclass(slots=True)
class Line:
    """The way of the driver's commands to the platform; it may be down, or slower than another driver's."""

    platform: MemoryPlatform
    feed: SlowFeed
    down: bool = False
    overtaking: Command | None = None
    sent: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Future[Result]:
        """Pass the command on, after what overtakes it."""
        self.sent.append(request)
        if self.down:
            lost: Future[Result] = Future()
            lost.set_exception(Unavailable("no broker"))
            return lost
        if self.overtaking is not None and isinstance(request.command, RequestTrialCertificate):
            said(self.platform, self.overtaking, "system:studies")
            self.overtaking, self.feed.held = None, True
        return self.platform.send(request)


def driver_behind(line: Line) -> Driver:
    platform = line.platform
    topics = TopicReading(WorkerCertificates(line, lambda: platform.now), lambda: {"bootstrap.servers": "nowhere:9092"})
    workers = InlineWorkers(platform.store.read)
    return Driver(line.feed, line, workers, platform.store, MemoryRunLog(), topics)


def about_to_be_promoted() -> tuple[MemoryPlatform, ReportRung]:
    """A study of two rungs whose trial 0 runs at rung 0, and the report that promotes it."""
    platform = asking(trials=2, workers=1, halving=Halving(rungs=2))
    for trial in (0, 1):
        start = StartTrial(project="flights", study="s1", trial=trial, parameters={"quality": "1", "kind": "null"})
        said(platform, start, "system:studies")
    worse, better = (
        ReportRung(project="flights", study="s1", trial=trial, rung=0, steps=1, metric=float(1 - trial))
        for trial in (1, 0)
    )
    said(platform, worse, "system:studies")
    return platform, better


def test_a_trial_that_was_promoted_before_its_request_was_decided_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace_processors.studies.driver.REST_SECONDS", 0.0)
    platform, promotes = about_to_be_promoted()
    feed = SlowFeed(platform)
    driver = driver_behind(Line(platform, feed, overtaking=promotes))
    for _ in range(5):
        driver.step(0)
    assert feed.held
    assert of(platform, TrialPromoted)
    feed.held = False
    provisioning = Provisioning(platform)
    for _ in range(20):
        driver.step(0)
        provisioning.step()
    assert of(platform, TrialFailed) == []
    assert [(fact.trial, fact.rung) for fact in of(platform, RungReported)] == [(1, 0), (0, 0), (0, 1)]


def test_what_a_promoted_trial_waited_for_at_the_rung_before_is_not_held_against_it() -> None:
    platform, promotes = about_to_be_promoted()
    driver = platform.driver()
    for _ in range(3):
        driver.step(0)
    said(platform, promotes, "system:studies")
    closed = RecordCertificatesClosed(project="flights", user="bob", generations=(1,), reason=Ending.RUN_ENDED)
    said(platform, closed, "system:provisioning")
    assert [fact.generation for fact in of(platform, CertificateRejected)] == [1]
    provisioning = Provisioning(platform, done={1})
    for _ in range(20):
        driver.step(0)
        provisioning.step()
    assert of(platform, TrialFailed) == []
    assert [(fact.trial, fact.rung) for fact in of(platform, RungReported)] == [(1, 0), (0, 0), (0, 1)]


def test_a_refused_request_is_not_repeated_at_once() -> None:
    platform, promotes = about_to_be_promoted()
    line = Line(platform, SlowFeed(platform), overtaking=promotes)
    driver = driver_behind(line)
    for _ in range(20):
        driver.step(0)
    assert [type(request.command) for request in line.sent] == [RequestTrialCertificate]


def test_however_long_a_certificate_takes_it_is_asked_for_once_and_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    platform = asking()
    driver = platform.driver()
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            driver.step(0)
            platform.now += LATE_SECONDS
    assert [record.getMessage() for record in caplog.records] == [
        "s1/0 rung 0 waits for its certificate for more than 60 s"
    ]
    Provisioning(platform).step()
    for _ in range(20):
        driver.step(0)
    assert len(of(platform, CertificateRequested)) == len(of(platform, RungReported)) == 1
    assert of(platform, TrialFailed) == []


def test_a_request_that_got_lost_is_sent_again_as_it_was() -> None:
    platform, _ = about_to_be_promoted()
    line = Line(platform, SlowFeed(platform), down=True)
    driver = driver_behind(line)
    for _ in range(20):
        driver.step(0)
    assert len(line.sent) == 1
    platform.now += RETRY_SECONDS + 1
    line.down = False
    driver.step(0)
    assert line.sent == [line.sent[0]] * 2
    assert len(of(platform, CertificateRequested)) == 1


def test_a_few_are_asked_for_at_a_time_over_all_trials_and_each_in_its_turn() -> None:
    trials = 2 * ASKED_AT_MOST + 4
    platform = asking(trials=trials, workers=trials)
    driver, provisioning = platform.driver(), Provisioning(platform)
    for _ in range(20):
        driver.step(0)
    assert len(of(platform, CertificateRequested)) == ASKED_AT_MOST
    for _ in range(100):
        driver.step(0)
        provisioning.step()
        waiting = len(of(platform, CertificateRequested)) - len(of(platform, CertificateIssued))
        assert waiting <= ASKED_AT_MOST
    assert [fact.run.trial for fact in of(platform, CertificateRequested)] == list(range(trials))
    assert len(of(platform, RungReported)) == trials


def test_a_trial_that_has_ended_while_it_waited_makes_room_for_the_next() -> None:
    platform = asking(trials=ASKED_AT_MOST + 1, workers=ASKED_AT_MOST + 1)
    driver = platform.driver()
    for _ in range(5):
        driver.step(0)
    said(platform, ReportTrialFailure(project="flights", study="s1", trial=0, reason="boom"), "system:studies")
    driver.step(0)
    assert of(platform, CertificateRequested)[ASKED_AT_MOST].run.trial == ASKED_AT_MOST
