"""What provisioning wants of the brokers for workers: they read while their rung runs, and no longer."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from tests.unit.processors.provisioning import test_listing as listing
from tests.unit.processors.provisioning import test_sharing as sharing
from tests.unit.processors.provisioning.test_shut_out import SHUT, at, certificate, folded

from headrace_broker.acls import Rule, worker_groups
from headrace_events.certificate import (
    CertificateIssued,
    CertificateRejected,
    CertificateRequested,
    CertificateRevoked,
    Ending,
)
from headrace_events.envelope import Recorded
from headrace_events.ids import Micros
from headrace_events.language import Event
from headrace_events.member import MemberAdded, MemberRemoved
from headrace_events.project import ProjectArchived, ProjectMarkedSensitive
from headrace_events.roles import Role
from headrace_events.study import (
    RungReported,
    StudyCompleted,
    TrialFailed,
    TrialPromoted,
    TrialRung,
    TrialStarted,
)
from headrace_processors.provisioning.endings import Endings
from headrace_processors.provisioning.listing import RevocationLists
from headrace_processors.provisioning.wanted import Wanted

STARTED = at(3, TrialStarted(study="s", trial=0, parameters={}), "flights")
RUN = TrialRung(study="s", trial=0, rung=0)
ASKED = at(4, CertificateRequested(user="bob", generation=1, signing_request="PEM", run=RUN), "flights")
ISSUED = at(
    5,
    CertificateIssued(user="bob", generation=1, certificate="PEM", serial="1", expires=Micros(2**60)),
    "flights",
)
REPORTED = RungReported(study="s", trial=0, rung=0, steps=1, metric=0.5)
ENDS = (REPORTED, TrialFailed(study="s", trial=0, reason="boom"), StudyCompleted(study="s"))
SENSITIVE = at(3, ProjectMarkedSensitive(project="flights"))
WORKER = "flights__bob__w1"


def after(*events: Event | Recorded) -> Wanted:
    """The project after bob's worker has got its certificate, and these events."""
    later = [one if isinstance(one, Recorded) else at(6 + n, one, "flights") for n, one in enumerate(events)]
    return folded((STARTED, ASKED, ISSUED, *later))


def rules(wanted: Wanted, principal: str = WORKER) -> set[Rule]:
    return {rule for rule in wanted.projects["flights"].rules() if rule.principal == principal}


READS = {
    Rule(WORKER, "topic", "flights.", True, "read"),
    Rule(WORKER, "group", "flights.bob.w1.", True, "read"),
}


def test_a_worker_reads_its_project_and_writes_nothing() -> None:
    assert rules(after()) == READS


@pytest.mark.parametrize("mark", [ProjectMarkedSensitive(project="flights"), ProjectArchived(project="flights")])
def test_so_it_does_in_a_sensitive_and_in_an_archived_project(mark: Event) -> None:
    assert rules(after(at(9, mark))) == READS


def test_in_a_sensitive_project_its_person_s_own_certificate_opens_no_data() -> None:
    wanted = folded((SENSITIVE, STARTED, *certificate(2, 3), ASKED, ISSUED))
    topics = {rule.name for rule in rules(wanted, "flights__bob__2") if rule.kind == "topic"}
    assert topics == {"flights.events", "flights.runs"}
    assert rules(wanted) == READS


def test_no_worker_s_groups_are_another_s() -> None:
    names = [
        worker_groups(*which) for which in (("a", "bob", 1), ("a", "bob", 12), ("a", "bob-w1", 1), ("b", "bob", 1))
    ]
    assert not [(one, other) for one, other in permutations(names, 2) if one.startswith(other)]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.wire)
def test_once_its_rung_has_ended_no_rule_names_it_and_it_is_to_be_revoked(end: Event) -> None:
    wanted = after()
    project = wanted.projects["flights"]
    project.rules_changed = False
    wanted.apply(at(6, end, "flights"))
    assert project.rules_changed
    assert rules(wanted) == set()
    (dead,) = project.dead()
    assert (dead.user, dead.generations, dead.at, dead.reason) == ("bob", (1,), ASKED.at, Ending.RUN_ENDED)
    project.bury(dead)
    assert project.dead() == []


def test_a_promoted_trial_needs_another_certificate() -> None:
    assert rules(after(REPORTED, TrialPromoted(study="s", trial=0, rung=1))) == set()
    again = CertificateRequested(
        user="bob", generation=2, signing_request="PEM", run=TrialRung(study="s", trial=0, rung=1)
    )
    wanted = after(REPORTED, TrialPromoted(study="s", trial=0, rung=1), again)
    project = wanted.projects["flights"]
    (pending,) = project.certificates.values()
    assert {rule.principal for rule in project.rules_of(pending)} == {"flights__bob__w2"}
    assert project.principal("bob", 2) == "flights__bob__w2"


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.wire)
def test_what_is_signed_after_its_rung_has_ended_opens_nothing_and_is_revoked(end: Event) -> None:
    wanted = folded((STARTED, ASKED, at(5, end, "flights")))
    project = wanted.projects["flights"]
    assert project.rules_of(project.certificates["bob", 1]) == set()
    assert [one.reason for one in project.dead()] == [Ending.RUN_ENDED]
    wanted.apply(at(6, ISSUED.event, "flights"))
    assert rules(wanted) == set()
    assert [one.generations for one in project.dead()] == [(1,)]


def test_what_was_revoked_or_rejected_is_closed_no_more() -> None:
    revoked = at(9, CertificateRevoked(user="bob", generation=1, reason=Ending.RUN_ENDED), "flights")
    rejected = at(9, CertificateRejected(user="bob", generation=1, reason=""), "flights")
    ended = at(6, REPORTED, "flights")
    for story in ((STARTED, ASKED, ISSUED, ended, revoked), (STARTED, ASKED, ended, rejected)):
        wanted = folded(story)
        assert rules(wanted) == set()
        assert wanted.projects["flights"].dead() == []
        assert wanted.projects["flights"].workers.asked == {}


def ran(generation: int, reason: Ending = Ending.RUN_ENDED) -> tuple[Recorded, ...]:
    """A worker's certificate from its request to its end."""
    asked = CertificateRequested(user="bob", generation=generation, signing_request="PEM", run=RUN)
    issued = CertificateIssued(
        user="bob", generation=generation, certificate="PEM", serial=str(generation), expires=Micros(2**60)
    )
    revoked = CertificateRevoked(user="bob", generation=generation, reason=reason)
    return tuple(at(3 * generation + n, fact, "flights") for n, fact in enumerate((asked, issued, revoked)))


def test_twenty_thousand_runs_that_ended_leave_nothing_on_the_revocation_list(tmp_path: Path) -> None:
    wanted = folded([one for generation in range(1, 20_001) for one in ran(generation)])
    lists = RevocationLists(listing.trust(tmp_path), listing.Sent().ask)
    assert wanted.projects["flights"].issued == {}
    assert wanted.revocations.of(1).waiting == {}
    assert not lists.behind(wanted.revocations)


@pytest.mark.parametrize("reason", [Ending.REVOKED, Ending.MEMBER_REMOVED, Ending.PERSON_DEACTIVATED])
def test_a_worker_s_certificate_that_ended_before_its_run_is_listed(reason: Ending) -> None:
    waiting = folded((STARTED, *ran(1, reason))).revocations.of(1).waiting
    assert [(one.serial, one.reason) for one in waiting.values()] == [("1", reason)]


def test_of_a_deleted_project_no_run_that_had_ended_is_listed() -> None:
    wanted, endings = folded(()), Endings()
    endings.apply([*ran(1), *ran(2)[:2]])
    wanted.projects["flights"].end_certificates(endings.deleted(Micros(99)))
    waiting = wanted.revocations.of(1).waiting
    assert [(one.serial, one.reason) for one in waiting.values()] == [("2", Ending.PROJECT_DELETED)]


def test_certificates_are_issued_a_few_at_a_time_to_those_who_asked_first() -> None:
    requests = [replace(ran(generation)[0], time=Micros(100 - generation)) for generation in range(1, 21)]
    wanted = folded((STARTED, *requests))
    project = wanted.projects["flights"]
    issued = []
    while due := wanted.next_certificates(8):
        assert len(due) <= 8
        for of, pending in due:
            assert of is project
            issued.append(pending.generation)
            del project.certificates[pending.user, pending.generation]
    assert issued == list(range(20, 0, -1))


def test_other_trials_go_on() -> None:
    other = RungReported(study="s", trial=1, rung=0, steps=1, metric=0.5)
    assert rules(after(other, StudyCompleted(study="t"))) == READS
    assert after(other).projects["flights"].dead() == []


def test_a_worker_ends_with_the_membership_of_its_person_and_does_not_come_back_with_it() -> None:
    wanted = after(MemberRemoved(user="bob"))
    assert rules(wanted) == set()
    assert [one.reason for one in wanted.projects["flights"].dead()] == [Ending.MEMBER_REMOVED]
    wanted = after(MemberRemoved(user="bob"), MemberAdded(user="bob", role=Role.DATA_OWNER))
    assert rules(wanted) == set()


def test_a_worker_ends_with_its_person_s_standing() -> None:
    wanted = after(SHUT)
    assert rules(wanted) == set()
    assert [one.reason for one in wanted.projects["flights"].dead()] == [Ending.PERSON_DEACTIVATED]


def test_a_worker_reads_what_is_shared_with_its_project_and_nothing_else_of_others() -> None:
    wanted = sharing.shared(sharing.OFFERED, sharing.ACCEPTED)
    run = TrialRung(study="s", trial=0, rung=0)
    for offset, event in enumerate(
        (
            TrialStarted(study="s", trial=0, parameters={}),
            CertificateRequested(user="eve", generation=7, signing_request="a", run=run),
            CertificateIssued(user="eve", generation=7, certificate="a", serial="b", expires=Micros(9)),
        )
    ):
        wanted.apply(sharing.at(30 + offset, event, "fraud"))
    mine = {rule for rule in wanted.projects["fraud"].rules() if rule.principal == "fraud__eve__w7"}
    assert {(rule.name, rule.operation) for rule in mine if not rule.name.startswith("fraud.")} == {
        (sharing.CLICKS, "read"),
    }
    wanted.apply(sharing.at(40, ProjectMarkedSensitive(project="fraud"), "fraud"))
    mine = {rule for rule in wanted.projects["fraud"].rules() if rule.principal == "fraud__eve__w7"}
    assert {rule.name for rule in mine} == {"fraud.", "fraud.eve.w7."}


def test_workers_are_held_to_what_clients_of_their_project_are_held_to() -> None:
    project = after().projects["flights"]
    project.limits["consumer_byte_rate"] = 5.0
    assert project.client_limits() == {WORKER: {"consumer_byte_rate": 5.0}}
