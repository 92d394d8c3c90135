"""A sensitive project: its data stays inside, and none of another project is linked in."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, platform, project
from tests.unit.events.test_borrowed_features import BORROWING, GROUP, TRAIN, climate, share
from tests.unit.events.test_shares import ACCEPT, CLOSED, EVE, OFFER, OPENED, PROVISIONING, REVOKE, SHARE, two_projects

from headrace_events.access import ACCESS, WHILE_SENSITIVE, Access, may
from headrace_events.language import Command
from headrace_events.project import (
    ArchiveProject,
    CreateProject,
    DeleteProject,
    MarkSensitive,
    Project,
    ProjectMarkedSensitive,
    ProjectRequested,
    ProjectUnmarkedSensitive,
    UnmarkSensitive,
)
from headrace_events.roles import Role
from headrace_events.share import ShareAccepted, ShareEnforced, ShareRevoked, counts

MARK, UNMARK = MarkSensitive(project="flights"), UnmarkSensitive(project="flights")
ROOT = "user:root-admin"
BETWEEN = {"share": SHARE, "project": "flights", "receiver": "fraud"}


def shared() -> Scenario:
    """Flights shares its clicks with fraud, and the brokers are open to it."""
    scenario = two_projects()
    for command, actor in ((OFFER, "user:ada"), (ACCEPT, EVE), (OPENED, PROVISIONING)):
        scenario.events(command, actor)
    return scenario


@pytest.mark.parametrize("actor", ["user:ada", ROOT])
def test_an_owner_or_an_administrator_marks_a_project_once(actor: str) -> None:
    scenario = project()
    assert scenario.events(MARK, actor) == [ProjectMarkedSensitive(project="flights")]
    assert scenario.events(MARK, actor) == []


def test_only_an_administrator_takes_the_mark_away() -> None:
    scenario = project()
    scenario.events(MARK)
    assert scenario.refusal(UNMARK, "user:ada") == "administrators-only"
    assert scenario.events(UNMARK, ROOT) == [ProjectUnmarkedSensitive(project="flights")]
    assert scenario.events(UNMARK, ROOT) == []


def test_scientists_mark_nothing_and_strangers_learn_of_nothing() -> None:
    assert project().refusal(MARK, "user:bob") == "owners-only"
    assert project().refusal(MARK, "user:eve") == "project-not-found"
    assert project().refusal(MarkSensitive(project="nowhere"), ROOT) == "project-not-found"


def test_a_project_can_be_sensitive_from_its_first_moment_on() -> None:
    scenario = platform()
    assert scenario.events(CreateProject(project="births", owner="ada", sensitive=True)) == [
        ProjectRequested(project="births", owner="ada"),
        ProjectMarkedSensitive(project="births"),
    ]
    state = scenario.world.state(Project, None, "births")
    assert state == Project(phase="requested", owner="ada", sensitive=True)


def test_an_archived_project_can_be_marked_and_a_closing_one_no_more() -> None:
    scenario = project()
    scenario.events(ArchiveProject(project="flights"))
    assert scenario.events(MARK) == [ProjectMarkedSensitive(project="flights")]
    scenario.events(DeleteProject(project="flights"))
    assert scenario.refusal(MARK) == "project-not-ready"
    assert scenario.refusal(UNMARK, ROOT) == "project-not-ready"


def test_nothing_is_offered_by_a_sensitive_project_or_to_one() -> None:
    for name, owner in (("flights", "user:ada"), ("fraud", EVE)):
        scenario = two_projects()
        scenario.events(MarkSensitive(project=name), owner)
        assert scenario.refusal(OFFER) == {"flights": "project-sensitive", "fraud": "receiver-takes-no-offers"}[name]


@pytest.mark.parametrize(("marked", "owner"), [("flights", "user:ada"), ("fraud", EVE)])
def test_what_was_offered_before_is_not_accepted_while_either_project_is_sensitive(marked: str, owner: str) -> None:
    scenario = two_projects()
    scenario.events(OFFER)
    scenario.events(MarkSensitive(project=marked), owner)
    assert scenario.refusal(ACCEPT, EVE) == "project-sensitive"
    scenario.events(UnmarkSensitive(project=marked), ROOT)
    assert scenario.events(ACCEPT, EVE) == [ShareAccepted(**BETWEEN)]


@pytest.mark.parametrize(("marked", "owner"), [("flights", "user:ada"), ("fraud", EVE)])
def test_an_accepted_share_rests_while_either_project_is_sensitive(marked: str, owner: str) -> None:
    scenario = shared()
    scenario.events(MarkSensitive(project=marked), owner)
    assert scenario.refusal(OPENED, PROVISIONING) == "share-moved-on"
    assert scenario.events(CLOSED, PROVISIONING) == [ShareEnforced(open=False, **BETWEEN)]
    scenario.events(UnmarkSensitive(project=marked), ROOT)
    assert scenario.refusal(CLOSED, PROVISIONING) == "share-moved-on"
    assert scenario.events(OPENED, PROVISIONING) == [ShareEnforced(open=True, **BETWEEN)]


@pytest.mark.parametrize(("marked", "owner"), [("flights", "user:ada"), ("climate", EVE)])
def test_views_and_training_data_take_nothing_through_a_share_that_rests(marked: str, owner: str) -> None:
    scenario = climate()
    share(scenario, GROUP)
    scenario.events(BORROWING, "user:bob")
    scenario.events(MarkSensitive(project=marked), owner)
    assert scenario.refusal(replace(BORROWING, name="another"), "user:bob") == "project-sensitive"
    assert scenario.refusal(TRAIN, "user:bob") == "project-sensitive"
    scenario.events(UnmarkSensitive(project=marked), ROOT)
    assert len(scenario.events(TRAIN, "user:bob")) == 1


def test_a_share_counts_while_it_is_accepted_and_neither_project_is_sensitive() -> None:
    for accepted, *sensitive in itertools.product((False, True), repeat=3):
        marked = {name for name, is_so in zip(("flights", "fraud"), sensitive, strict=True) if is_so}
        assert counts(accepted, ("flights", "fraud"), marked.__contains__) == (accepted and not marked)


def test_a_share_that_rests_can_be_revoked() -> None:
    scenario = shared()
    scenario.events(MARK)
    assert scenario.events(REVOKE) == [ShareRevoked(**BETWEEN)]


def test_data_of_a_sensitive_project_is_given_to_its_owners_and_to_nobody_else() -> None:
    assert may(Access.PROJECT_DATA, administrator=False, role=Role.DATA_OWNER, sensitive=True)
    assert not may(Access.PROJECT_DATA, administrator=False, role=Role.DATA_SCIENTIST, sensitive=True)
    assert not may(Access.PROJECT_DATA, administrator=True, role=None, sensitive=True)
    assert not may(Access.PROJECT_DATA, administrator=True, role=Role.DATA_SCIENTIST, sensitive=True)


def test_the_mark_takes_away_nothing_but_data_and_gives_nobody_anything() -> None:
    for access, administrator, role in itertools.product(ACCESS, (False, True), (None, *Role)):
        before = may(access, administrator=administrator, role=role)
        after = may(access, administrator=administrator, role=role, sensitive=True)
        assert after <= before
        assert after == before or access in WHILE_SENSITIVE


def test_commands_of_the_mark_are_the_project_s() -> None:
    marks: tuple[Command, ...] = (MARK, UNMARK)
    assert [(one.kind, one.scope, one.key) for one in marks] == [("project", None, "flights")] * 2
