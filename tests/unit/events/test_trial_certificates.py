"""Certificates of workers: for a rung that runs, of a study that reads topics, on behalf of whoever asked for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, project
from tests.unit.events.test_study import CREATE

from headrace_events.certificate import (
    CertificateIssued,
    CertificateRejected,
    CertificateRequested,
    CertificateRevoked,
    Ending,
    RecordCertificate,
    RecordCertificatesClosed,
    RequestCertificate,
    RequestTrialCertificate,
)
from headrace_events.certificate_life import LIVE_AT_MOST
from headrace_events.ids import Micros
from headrace_events.language import Event
from headrace_events.member import RemoveMember
from headrace_events.study import ReportRung, StartTrial, StudyCreated, TrialRung

DRIVER = "system:studies"
RUN = TrialRung(study="s1", trial=0, rung=0)
ASK = RequestTrialCertificate(project="flights", user="bob", run=RUN, signing_request="PEM")


def reading(trials: int = 1) -> Scenario:
    """Bob's study reads topics; its trials run at rung 0."""
    scenario = project()
    scenario.events(replace(CREATE, reads_topics=True), "user:bob")
    for trial in range(trials):
        scenario.events(StartTrial(project="flights", study="s1", trial=trial, parameters={}), DRIVER)
    return scenario


def issued(scenario: Scenario, generation: int) -> list[Event]:
    record = RecordCertificate(
        project="flights", user="bob", generation=generation, certificate="PEM", serial="1", expires=Micros(2**60)
    )
    return scenario.events(record, "system:provisioning")


def test_a_study_reads_topics_for_whoever_asked_for_it_and_by_default_for_nobody() -> None:
    (created,) = project().events(replace(CREATE, reads_topics=True), "user:bob")
    assert isinstance(created, StudyCreated)
    assert created.reader == "bob"
    (created,) = project().events(CREATE, "user:bob")
    assert isinstance(created, StudyCreated)
    assert created.reader is None


def test_a_worker_is_given_the_next_generation_of_that_person() -> None:
    scenario = reading()
    own = RequestCertificate(project="flights", user="bob", signing_request="PEM")
    scenario.events(own, "user:bob")
    expected = CertificateRequested(user="bob", generation=2, signing_request="PEM", run=RUN)
    assert scenario.events(ASK, DRIVER) == [expected]


@pytest.mark.parametrize("actor", ["user:bob", "user:ada", "user:root-admin", "system:provisioning"])
def test_nobody_asks_but_the_study_driver(actor: str) -> None:
    assert reading().refusal(ASK, actor) == "not-yours-to-send"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (replace(ASK, user="ada"), "reads-no-topics"),
        (replace(ASK, run=replace(RUN, study="s2")), "reads-no-topics"),
        (replace(ASK, run=replace(RUN, rung=1)), "trial-not-running"),
        (replace(ASK, run=replace(RUN, trial=1)), "trial-not-running"),
        (replace(ASK, signing_request="x" * 10_001), "signing-request-too-large"),
    ],
)
def test_a_certificate_is_for_the_rung_that_runs_and_for_who_asked(ask: RequestTrialCertificate, code: str) -> None:
    assert reading().refusal(ask, DRIVER) == code


def test_a_study_that_did_not_ask_has_none() -> None:
    scenario = project()
    scenario.events(CREATE, "user:bob")
    scenario.events(StartTrial(project="flights", study="s1", trial=0, parameters={}), DRIVER)
    assert scenario.refusal(ASK, DRIVER) == "reads-no-topics"


def test_who_has_left_has_no_workers_either() -> None:
    scenario = reading()
    scenario.events(RemoveMember(project="flights", user="bob"))
    assert scenario.refusal(ASK, DRIVER) == "member-not-found"


def test_a_rung_that_has_ended_is_given_none() -> None:
    scenario = reading()
    scenario.events(ReportRung(project="flights", study="s1", trial=0, rung=0, steps=1, metric=0.5), DRIVER)
    assert scenario.refusal(ASK, DRIVER) == "trial-not-running"


def test_the_next_worker_of_a_rung_takes_the_place_of_the_one_before() -> None:
    scenario = reading(2)
    scenario.events(ASK, DRIVER)
    scenario.events(replace(ASK, run=replace(RUN, trial=1)), DRIVER)
    issued(scenario, 1)
    ended, requested = scenario.events(ASK, DRIVER)
    assert ended == CertificateRevoked(user="bob", generation=1, reason=Ending.RUN_ENDED)
    assert requested == CertificateRequested(user="bob", generation=3, signing_request="PEM", run=RUN)
    ended, requested = scenario.events(ASK, DRIVER)
    assert isinstance(ended, CertificateRejected)
    assert (ended.generation, requested) == (
        3,
        CertificateRequested(user="bob", generation=4, signing_request="PEM", run=RUN),
    )


def test_workers_take_no_place_of_their_person_s_own_certificates_nor_these_of_theirs() -> None:
    scenario = reading()
    scenario.events(ASK, DRIVER)
    issued(scenario, 1)
    own = RequestCertificate(project="flights", user="bob", signing_request="PEM")
    for generation in range(2, LIVE_AT_MOST + 2):
        scenario.events(own, "user:bob")
        assert len(issued(scenario, generation)) == 1
    scenario.events(replace(ASK), DRIVER)  # takes the place of generation 1
    assert [type(fact) for fact in issued(scenario, LIVE_AT_MOST + 2)] == [CertificateIssued]
    scenario.events(own, "user:bob")
    _, made_room = issued(scenario, LIVE_AT_MOST + 3)
    assert made_room == CertificateRevoked(user="bob", generation=2, reason=Ending.SUPERSEDED)


def test_nobody_renews_the_certificate_of_a_worker() -> None:
    scenario = reading()
    own = RequestCertificate(project="flights", user="bob", signing_request="PEM")
    scenario.events(own, "user:bob")
    scenario.events(ASK, DRIVER)
    assert scenario.refusal(replace(own, replaces=2), "user:bob") == "certificate-not-found"
    issued(scenario, 2)
    assert scenario.refusal(replace(own, replaces=2), "user:bob") == "certificate-not-found"
    (renewal,) = scenario.events(replace(own, replaces=1), "user:bob")
    assert isinstance(renewal, CertificateRequested)
    assert renewal.replaces == 1


def test_provisioning_closes_what_a_run_had_or_waited_for() -> None:
    scenario = reading(2)
    scenario.events(ASK, DRIVER)
    issued(scenario, 1)
    scenario.events(replace(ASK, run=replace(RUN, trial=1)), DRIVER)
    closed = RecordCertificatesClosed(project="flights", user="bob", generations=(1, 2), reason=Ending.RUN_ENDED)
    revoked, rejected = scenario.events(closed, "system:provisioning")
    assert revoked == CertificateRevoked(user="bob", generation=1, reason=Ending.RUN_ENDED)
    assert isinstance(rejected, CertificateRejected)
    assert scenario.events(closed, "system:provisioning") == []
