"""Who may do what, decided on the state in the same step as the command."""

import pytest
from tests.unit.events.scenario import Scenario, platform, project

from headrace_events.deployment import CreateDeployment
from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.language import COMMANDS
from headrace_events.member import AddMember, ChangeRole, MemberAdded, RemoveMember
from headrace_events.permissions import PERMISSIONS
from headrace_events.project import CreateProject, MarkReady, ProjectRequested
from headrace_events.roles import Right, Role
from headrace_events.row_schema import Column
from headrace_events.topic import CreateTopic, GrantTopic, TopicRequested
from headrace_events.user import CreateFirstAdministrator, CreateUser

GROUP = CreateFeatureGroup(
    project="flights", name="weather", columns=(Column(name="origin", type="string"),), primary_key=("origin",)
)


def test_every_command_has_its_line_in_the_permission_table() -> None:
    assert set(PERMISSIONS) == set(COMMANDS.values())


def test_only_system_commands_name_a_processor() -> None:
    assert all((right is Right.SYSTEM) == bool(processor) for right, processor in PERMISSIONS.values())


def test_there_is_one_first_administrator() -> None:
    scenario = Scenario()
    found = CreateFirstAdministrator(user="chief", key_id="k", key_hash="0" * 64)
    assert len(scenario.events(found, "anonymous")) == 4
    again = CreateFirstAdministrator(user="chief-two", key_id="k2", key_hash="0" * 64)
    assert scenario.refusal(again, "anonymous") == "administrator-exists"


def test_only_an_administrator_makes_users() -> None:
    assert platform().refusal(CreateUser(user="zoe"), "user:ada") == "administrators-only"
    assert platform().events(CreateUser(user="zoe"), "user:root-admin")


def test_a_person_unknown_to_the_platform_may_do_nothing() -> None:
    assert platform().refusal(CreateUser(user="zoe"), "user:nobody") == "unknown-user"


def test_a_user_makes_a_project_for_themselves_only() -> None:
    own = CreateProject(project="mine", owner="bob")
    assert platform().events(own, "user:bob") == [ProjectRequested(project="mine", owner="bob")]
    assert platform().refusal(own, "user:eve") == "owner-is-another"
    assert platform().events(own, "user:root-admin")


def test_nobody_but_provisioning_says_that_a_project_is_ready() -> None:
    scenario = platform()
    scenario.events(CreateProject(project="mine", owner="bob"), "user:bob")
    ready = MarkReady(project="mine", topics=())
    assert scenario.refusal(ready, "user:root-admin") == "not-yours-to-send"
    assert scenario.refusal(ready, "system:alerts") == "not-yours-to-send"
    assert scenario.events(ready, "system:provisioning")[1] == MemberAdded(user="bob", role=Role.DATA_OWNER)


def test_a_project_takes_commands_only_when_ready() -> None:
    scenario = platform()
    scenario.events(CreateProject(project="mine", owner="bob"), "user:bob")
    assert scenario.refusal(AddMember(project="mine", user="ada", role=Role.DATA_OWNER), "user:bob") == (
        "project-not-ready"
    )


def test_a_stranger_learns_no_more_of_a_project_than_of_one_that_does_not_exist() -> None:
    assert project().refusal(GROUP, "user:eve") == "project-not-found"
    assert platform().refusal(GROUP, "user:eve") == "project-not-found"


@pytest.mark.parametrize(
    "command",
    [
        GROUP,
        AddMember(project="flights", user="eve", role=Role.DATA_SCIENTIST),
        CreateTopic(project="flights", name="clicks"),
        CreateDeployment(project="flights", name="late", model="late", model_version=1),
    ],
)
def test_a_data_scientist_is_refused_what_is_the_owners(command: CreateTopic) -> None:
    assert project().refusal(command, "user:bob") == "owners-only"


def test_an_administrator_governs_members_but_makes_no_feature_groups() -> None:
    scenario = project()
    assert scenario.events(AddMember(project="flights", user="eve", role=Role.DATA_SCIENTIST), "user:root-admin")
    assert scenario.refusal(GROUP, "user:root-admin") == "project-not-found"


def test_the_last_owner_can_neither_leave_nor_step_down() -> None:
    scenario = project()
    assert scenario.refusal(RemoveMember(project="flights", user="ada")) == "last-owner"
    assert scenario.refusal(ChangeRole(project="flights", user="ada", role=Role.DATA_SCIENTIST)) == "last-owner"
    scenario.events(ChangeRole(project="flights", user="bob", role=Role.DATA_OWNER))
    assert scenario.events(RemoveMember(project="flights", user="ada"))


def test_a_grant_is_for_a_members_topic_of_the_project() -> None:
    scenario = project()
    assert scenario.events(CreateTopic(project="flights", name="clicks")) == [
        TopicRequested(
            name="flights.topics.clicks", partitions=1, purpose="user", subject="flights.topics.clicks-value"
        )
    ]
    grant = GrantTopic(project="flights", topic="flights.topics.clicks", user="eve")
    assert scenario.refusal(grant) == "member-not-found"
    assert scenario.refusal(GrantTopic(project="flights", topic="flights.events", user="bob")) == "topic-not-found"
    assert scenario.events(GrantTopic(project="flights", topic="flights.topics.clicks", user="bob"))


def test_an_owner_leaves_once_there_is_another_one() -> None:
    scenario = project()
    scenario.events(ChangeRole(project="flights", user="bob", role=Role.DATA_OWNER))
    assert len(scenario.events(RemoveMember(project="flights", user="ada"))) == 1
    assert scenario.refusal(RemoveMember(project="flights", user="bob"), "user:bob") == "last-owner"
    assert scenario.refusal(RemoveMember(project="flights", user="bob"), "user:root-admin") == "last-owner"


def test_a_person_has_another_role_in_each_project() -> None:
    scenario = project()
    scenario.events(CreateProject(project="trains", owner="bob"), "user:bob")
    scenario.events(MarkReady(project="trains", topics=()), "system:provisioning")
    scenario.events(AddMember(project="trains", user="ada", role=Role.DATA_SCIENTIST), "user:bob")
    assert len(scenario.events(CreateTopic(project="trains", name="clicks"), "user:bob")) == 1
    assert scenario.refusal(CreateTopic(project="flights", name="clicks"), "user:bob") == "owners-only"
    assert scenario.refusal(CreateTopic(project="trains", name="more"), "user:ada") == "owners-only"
