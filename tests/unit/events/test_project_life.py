"""From the wish for a project to the day nothing is left of it but its name."""

import pytest
from tests.unit.events.scenario import Scenario, platform, project

from headrace_events.member import AddMember
from headrace_events.project import (
    CreateProject,
    DeleteProject,
    MarkDeleted,
    MarkReady,
    ProjectClosing,
    ProjectDeleted,
)
from headrace_events.roles import Role

DELETE = DeleteProject(project="flights")
DELETED = MarkDeleted(project="flights")


def deleted() -> Scenario:
    """The project, deleted altogether."""
    scenario = project()
    scenario.events(DELETE)
    scenario.events(DELETED, "system:provisioning")
    return scenario


@pytest.mark.parametrize("actor", ["user:ada", "user:root-admin"])
def test_an_owner_or_an_administrator_deletes_a_project(actor: str) -> None:
    assert project().events(DELETE, actor) == [ProjectClosing(project="flights")]


def test_a_scientist_deletes_no_project_and_a_stranger_learns_of_none() -> None:
    assert project().refusal(DELETE, "user:bob") == "owners-only"
    assert project().refusal(DELETE, "user:eve") == "project-not-found"


def test_a_project_becomes_ready_once_and_a_member_joins_once() -> None:
    ready = MarkReady(project="flights", topics=())
    assert project().refusal(ready, "system:provisioning") == "project-is-ready"
    assert project().refusal(AddMember(project="flights", user="bob", role=Role.DATA_OWNER)) == "member-exists"


def test_a_closing_project_takes_no_command() -> None:
    scenario = project()
    scenario.events(DELETE)
    assert scenario.refusal(AddMember(project="flights", user="eve", role=Role.DATA_OWNER)) == "project-not-ready"


def test_a_project_is_deleted_once_however_often_it_is_asked_for() -> None:
    scenario = project()
    scenario.events(DELETE)
    assert scenario.events(DELETE) == []
    assert scenario.events(DELETED, "system:provisioning") == [ProjectDeleted(project="flights")]
    assert scenario.refusal(DELETED, "system:provisioning") == "project-not-closing"


def test_nobody_but_provisioning_says_that_a_project_is_deleted() -> None:
    scenario = project()
    assert scenario.refusal(DELETED, "system:provisioning") == "project-not-closing"
    scenario.events(DELETE)
    assert scenario.refusal(DELETED, "user:root-admin") == "not-yours-to-send"


def test_a_deleted_project_is_nowhere_to_be_found() -> None:
    assert deleted().refusal(DELETE, "user:ada") == "project-not-found"
    assert deleted().refusal(DELETE, "user:root-admin") == "project-not-found"


def test_the_name_of_a_deleted_project_stays_taken() -> None:
    assert deleted().refusal(CreateProject(project="flights", owner="ada")) == "project-exists"


def test_a_project_that_is_being_made_cannot_be_deleted_yet() -> None:
    scenario = platform()
    scenario.events(CreateProject(project="flights", owner="ada"))
    assert scenario.refusal(DELETE, "user:root-admin") == "project-not-ready"
