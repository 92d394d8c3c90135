"""What provisioning wants of the brokers for an archived project: its members read, and the platform goes on."""

from __future__ import annotations

from tests.unit.processors.provisioning.test_shut_out import PROJECT, at, certificate

from headrace_broker.acls import Rule, project_rules
from headrace_events.language import Event
from headrace_events.project import ProjectArchived, ProjectUnarchived
from headrace_processors.provisioning.wanted import Wanted
from headrace_processors.provisioning.wanted_project import WantedProject

ARCHIVED = ProjectArchived(project="flights")


def after(*platform: Event) -> WantedProject:
    wanted = Wanted()
    for recorded in (*PROJECT, *certificate(1, 3), *(at(5 + n, event) for n, event in enumerate(platform))):
        wanted.apply(recorded)
    return wanted.projects["flights"]


def of_members(rules: set[Rule]) -> set[Rule]:
    return {rule for rule in rules if rule.principal.startswith("flights__")}


def test_a_member_of_an_archived_project_only_reads() -> None:
    before, archived = of_members(after().rules()), of_members(after(ARCHIVED).rules())
    assert {rule.operation for rule in archived} == {"read"}
    assert archived == {rule for rule in before if rule.kind != "transactional-id" and rule.operation != "write"}


def test_a_new_certificate_of_an_archived_project_only_reads() -> None:
    wanted = Wanted()
    asked, _ = certificate(2, 6)
    for recorded in (*PROJECT, at(5, ARCHIVED), asked):
        wanted.apply(recorded)
    project = wanted.projects["flights"]
    (pending,) = project.certificates.values()
    assert {rule.operation for rule in project.rules_of(pending)} == {"read"}


def test_the_platform_s_own_rules_stay() -> None:
    assert project_rules("flights") <= after(ARCHIVED).rules()


def test_a_project_that_is_taken_up_again_has_the_rules_it_had() -> None:
    again = after(ARCHIVED, ProjectUnarchived(project="flights"))
    assert again.rules() == after().rules()
    assert again.rules_changed
