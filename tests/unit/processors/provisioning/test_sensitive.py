"""What provisioning wants of the brokers for a sensitive project: its scientists reach no data, its shares rest."""

from __future__ import annotations

import pytest
from tests.unit.processors.provisioning import test_sharing as sharing
from tests.unit.processors.provisioning.test_shut_out import PROJECT, certificate

from headrace_broker.acls import Rule, project_rules
from headrace_events.envelope import Position
from headrace_events.language import Event
from headrace_events.member import MemberRoleChanged
from headrace_events.project import (
    ProjectArchived,
    ProjectMarkedSensitive,
    ProjectUnmarkedSensitive,
)
from headrace_events.roles import Role
from headrace_events.share import RecordShareEnforced, ShareAccepted, ShareEnforced, ShareOffered
from headrace_events.shared import Shareable
from headrace_events.topic import TopicGranted
from headrace_events.topic_rights import TOPIC_RIGHTS
from headrace_processors.provisioning.wanted import Wanted
from headrace_processors.provisioning.wanted_project import WantedProject

MARKED, UNMARKED = ProjectMarkedSensitive(project="flights"), ProjectUnmarkedSensitive(project="flights")
OWNER, SCIENTIST = (MemberRoleChanged(user="bob", role=role) for role in Role)
GRANTED = TopicGranted(topic="flights.topics.clicks", user="bob")


def after(*events: Event) -> WantedProject:
    """The project with one member, who has one certificate."""
    wanted = Wanted()
    for recorded in (
        *PROJECT,
        *certificate(1, 3),
        *(sharing.at(5 + n, event, "flights") for n, event in enumerate(events)),
    ):
        wanted.apply(recorded)
    return wanted.projects["flights"]


def topics(project: WantedProject) -> set[tuple[str, str]]:
    """The topics that the member's certificate opens, and for what."""
    rules = {rule for rule in project.rules() if rule.principal.startswith("flights__")}
    return {(rule.name, rule.operation) for rule in rules if rule.kind == "topic"}


def test_a_scientist_of_a_sensitive_project_reaches_what_happened_and_runs_and_no_data() -> None:
    allowed = {("events", "read"), ("runs", "read"), ("runs", "write")}
    assert topics(after(SCIENTIST, GRANTED, MARKED)) == {(f"flights.{name}", what) for name, what in allowed}
    data = {kind.name for kind in TOPIC_RIGHTS if kind.data}
    assert data == {"predictions", "outcomes", "deadletters", "features.", "topics."}


def test_no_rule_of_a_scientist_of_a_sensitive_project_has_a_prefix_but_that_of_groups() -> None:
    rules = {rule for rule in after(SCIENTIST, MARKED).rules() if rule.principal.startswith("flights__")}
    assert {rule.kind for rule in rules if rule.prefixed} == {"group"}
    assert "transactional-id" not in {rule.kind for rule in rules}


def test_an_owner_of_a_sensitive_project_reaches_what_owners_do() -> None:
    assert after(OWNER, MARKED).rules() == after(OWNER).rules()


def test_an_archived_sensitive_project_is_written_by_nobody() -> None:
    wanted = topics(after(SCIENTIST, MARKED, ProjectArchived(project="flights")))
    assert {what for _, what in wanted} == {"read"}
    assert {name for name, _ in wanted} == {"flights.events", "flights.runs"}


def test_the_rules_change_with_the_mark_and_with_the_role() -> None:
    project = after(SCIENTIST)
    for number, (event, same) in enumerate(
        [(MARKED, (SCIENTIST, MARKED)), (OWNER, (OWNER,)), (SCIENTIST, (SCIENTIST, MARKED)), (UNMARKED, (SCIENTIST,))]
    ):
        project.rules_changed = False
        project.apply(sharing.at(20 + number, event, "flights"))
        assert project.rules_changed
        assert project.rules() == after(*same).rules()


def test_a_new_certificate_of_a_scientist_opens_no_data() -> None:
    wanted = Wanted()
    asked, _ = certificate(2, 9)
    for recorded in (*PROJECT, sharing.at(5, MARKED, "flights"), asked):
        wanted.apply(recorded)
    project = wanted.projects["flights"]
    (pending,) = project.certificates.values()
    named = {rule.name for rule in project.rules_of(pending) if rule.kind == "topic"}
    assert named == {"flights.events", "flights.runs"}


def test_the_platform_s_own_rules_stay_so_runs_on_it_go_on() -> None:
    assert project_rules("flights") <= after(SCIENTIST, MARKED).rules()
    assert Rule("training-datasets", "topic", "flights.", True, "read") in project_rules("flights")


@pytest.mark.parametrize("marked", ["flights", "fraud"])
def test_an_accepted_share_opens_nothing_while_either_project_is_sensitive(marked: str) -> None:
    wanted = sharing.shared(sharing.OFFERED, sharing.ACCEPTED)
    wanted.projects["fraud"].rules_changed = False
    wanted.apply(sharing.at(20, ProjectMarkedSensitive(project=marked), marked))
    assert sharing.foreign(wanted) == set()
    assert wanted.projects["fraud"].rules_changed
    wanted.projects["fraud"].rules_changed = False
    wanted.apply(sharing.at(21, ProjectUnmarkedSensitive(project=marked), marked))
    assert sharing.foreign(wanted) == sharing.READS
    assert wanted.projects["fraud"].rules_changed


def test_provisioning_says_of_each_share_that_it_rests_and_that_it_counts_again() -> None:
    other = f"topic:{sharing.CLICKS}s:fraud"
    between = {"share": other, "project": "flights", "receiver": "fraud"}
    offered = ShareOffered(
        share=other, project="flights", receiver="fraud", what=Shareable.TOPIC, name=f"{sharing.CLICKS}s"
    )
    open_both = (ShareEnforced(open=True, **sharing.BETWEEN), ShareEnforced(open=True, **between))
    wanted = sharing.shared(sharing.OFFERED, sharing.ACCEPTED, offered, ShareAccepted(**between), *open_both, MARKED)
    assert wanted.sharing.take_due("fraud") == [
        (RecordShareEnforced(share=one, open=False), Position("platform", 0, 16)) for one in (sharing.SHARE, other)
    ]
    assert wanted.sharing.take_due("fraud") == []
    wanted.apply(sharing.at(20, UNMARKED, "flights"))
    assert [command.open for command, _ in wanted.sharing.take_due("fraud")] == [True, True]
