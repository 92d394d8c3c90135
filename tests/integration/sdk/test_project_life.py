"""A project from outside: what is written about it, and who may do what with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.clients import eventually
from tests.integration.processors.test_provisioning import can_produce, can_read
from tests.integration.served import Served

import headrace


def test_everybody_reads_what_the_owner_writes_about_a_project(served: Served) -> None:
    name = served.new_project()
    with served.project("ada", name) as project:
        assert project.readme == ""
        project.describe("Wind and rain")
        project.write_readme("# Weather\n\nAsk Ada.")
        assert (project.description, project.readme) == ("Wind and rain", "# Weather\n\nAsk Ada.")
    with served.project("bob", name) as project:
        assert project.readme == "# Weather\n\nAsk Ada."
        with pytest.raises(headrace.Forbidden) as refused:
            project.write_readme("# Bob was here")
        assert refused.value.code == "owners-only"
    with served.administrator() as administrator, pytest.raises(headrace.Invalid):
        administrator.get_project(name).write_readme("a" * 65_537)
    assert served.ask("GET", f"/api/projects/{name}/readme", key=served.key("eve")).status_code == 404


def test_an_archived_project_is_read_and_not_written(served: Served, tmp_path: Path) -> None:
    platform, name = served.platform, served.new_project()
    owner = platform.member_connection(name, "ada", tmp_path)
    assert can_produce(owner, f"{name}.runs")
    with served.project("ada", name) as project:
        project.archive()
        eventually(lambda: None if can_produce(owner, f"{name}.runs") else True, "the broker to close to writers")
        assert can_read(owner, f"{name}.runs")
        with pytest.raises(headrace.Conflict) as refused:
            project.write_readme("# Too late")
        assert refused.value.code == "project-archived"
        stored = served.ask("PUT", f"/api/projects/{name}/artifacts/{'0' * 64}", key=served.key("ada"), content=b"a")
        assert (stored.status_code, stored.json()["code"]) == (409, "project-archived")
        assert [member.user for member in project.get_members()] == ["ada", "bob"]
        renewed = platform.member_connection(name, "ada", tmp_path / "renewed")
        assert can_read(renewed, f"{name}.runs")
        assert not can_produce(renewed, f"{name}.runs")
        project.unarchive()
        eventually(lambda: True if can_produce(renewed, f"{name}.runs") else None, "the broker to open again")
        project.write_readme("# In time")
