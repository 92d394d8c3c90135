"""A project that is put away: read as before, changed by nobody, taken up again or deleted."""

import pytest
from tests.unit.events.scenario import Scenario, project

from headrace_events.certificate import CertificateRequested, RequestCertificate
from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.language import Command
from headrace_events.member import AddMember, RemoveMember
from headrace_events.permissions import PERMISSIONS, WHILE_ARCHIVED
from headrace_events.project import (
    ArchiveProject,
    DeleteProject,
    DescribeProject,
    ProjectArchived,
    ProjectClosing,
    ProjectUnarchived,
    UnarchiveProject,
)
from headrace_events.readme import WriteReadme
from headrace_events.roles import Role
from headrace_events.row_schema import Column
from headrace_events.topic import CreateTopic, OpenedTopic, RecordTopicOpened, TopicOpened

ARCHIVE = ArchiveProject(project="flights")
UNARCHIVE = UnarchiveProject(project="flights")
CREATE_TOPIC = CreateTopic(project="flights", name="clicks")


def archived() -> Scenario:
    """The project, put away while a topic of it was being made."""
    scenario = project()
    scenario.events(CREATE_TOPIC)
    scenario.events(ARCHIVE)
    return scenario


@pytest.mark.parametrize("actor", ["user:ada", "user:root-admin"])
def test_an_owner_or_an_administrator_archives_a_project_and_takes_it_up_again(actor: str) -> None:
    scenario = project()
    assert scenario.events(ARCHIVE, actor) == [ProjectArchived(project="flights")]
    assert scenario.events(ARCHIVE, actor) == []
    assert scenario.events(UNARCHIVE, actor) == [ProjectUnarchived(project="flights")]
    assert scenario.events(UNARCHIVE, actor) == []


@pytest.mark.parametrize("command", [ARCHIVE, UNARCHIVE])
def test_scientists_archive_nothing_and_strangers_learn_of_nothing(command: Command) -> None:
    assert archived().refusal(command, "user:bob") == "owners-only"
    assert archived().refusal(command, "user:eve") == "project-not-found"


@pytest.mark.parametrize("actor", ["user:ada", "user:root-admin"])
@pytest.mark.parametrize(
    "command",
    [
        CreateTopic(project="flights", name="more"),
        AddMember(project="flights", user="eve", role=Role.DATA_OWNER),
        RemoveMember(project="flights", user="bob"),
        DescribeProject(project="flights", description="another"),
        WriteReadme(project="flights", text="another"),
    ],
)
def test_an_archived_project_takes_no_command(command: Command, actor: str) -> None:
    assert archived().refusal(command, actor) == "project-archived"


def test_an_archived_project_takes_no_feature_group() -> None:
    column = Column(name="airport", type="string")
    group = CreateFeatureGroup(project="flights", name="a", columns=(column,), primary_key=("airport",))
    assert archived().refusal(group) == "project-archived"


def test_whoever_reads_an_archived_project_gets_certificates_for_it() -> None:
    wish = RequestCertificate(project="flights", user="bob", signing_request="PEM")
    (requested,) = archived().events(wish, "user:bob")
    assert isinstance(requested, CertificateRequested)
    assert {command.wire.partition(".")[0] for command in PERMISSIONS} >= WHILE_ARCHIVED


def test_what_was_begun_before_is_brought_to_its_end() -> None:
    opened = OpenedTopic(name="flights.topics.clicks", topic_id="t", partitions=1, purpose="user")
    recorded = RecordTopicOpened(project="flights", topic=opened)
    assert archived().events(recorded, "system:provisioning") == [TopicOpened.of(opened)]


def test_a_project_that_is_taken_up_again_takes_commands_again() -> None:
    scenario = archived()
    scenario.events(UNARCHIVE)
    assert len(scenario.events(CreateTopic(project="flights", name="more"))) == 1


def test_an_archived_project_can_be_deleted_and_a_closing_one_not_archived() -> None:
    scenario = archived()
    assert scenario.events(DeleteProject(project="flights")) == [ProjectClosing(project="flights")]
    assert scenario.refusal(ARCHIVE) == "project-not-ready"
    assert scenario.refusal(UNARCHIVE) == "project-not-ready"
