"""What is written about a project: its description and its README."""

import pytest
from tests.unit.events.scenario import project

from headrace_events.project import DeleteProject, DescribeProject, ProjectDescribed
from headrace_events.readme import MOST_BYTES, ReadmeWritten, WriteReadme

DESCRIBE = DescribeProject(project="flights", description="Delays")
WRITE = WriteReadme(project="flights", text="# Flights\n\nAll of 2013.")


@pytest.mark.parametrize("actor", ["user:ada", "user:root-admin"])
def test_an_owner_or_an_administrator_says_what_a_project_is_for(actor: str) -> None:
    scenario = project()
    assert scenario.events(DESCRIBE, actor) == [ProjectDescribed(project="flights", description="Delays")]
    assert scenario.events(WRITE, actor) == [ReadmeWritten(text=WRITE.text)]


def test_what_is_said_twice_in_a_row_happens_once() -> None:
    scenario = project()
    for command in (DESCRIBE, WRITE):
        assert scenario.events(command) != []
        assert scenario.events(command) == []


@pytest.mark.parametrize("command", [DESCRIBE, WRITE])
def test_scientists_and_strangers_say_nothing_about_a_project(command: DescribeProject | WriteReadme) -> None:
    assert project().refusal(command, "user:bob") == "owners-only"
    assert project().refusal(command, "user:eve") == "project-not-found"


@pytest.mark.parametrize("command", [DESCRIBE, WRITE])
def test_nothing_is_written_about_a_closing_project(command: DescribeProject | WriteReadme) -> None:
    scenario = project()
    scenario.events(DeleteProject(project="flights"))
    assert scenario.refusal(command) == "project-not-ready"


def test_a_readme_is_measured_in_bytes_not_in_letters() -> None:
    fits = WriteReadme(project="flights", text="ä" * (MOST_BYTES // 2))
    assert project().events(fits) == [ReadmeWritten(text=fits.text)]
    assert project().refusal(WriteReadme(project="flights", text=fits.text + "a")) == "readme-too-long"


def test_a_readme_holds_nothing_that_a_terminal_obeys() -> None:
    assert project().refusal(WriteReadme(project="flights", text="\x1b[2J")) == "readme-not-text"
