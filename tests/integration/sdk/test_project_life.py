"""A project from outside: what is written about it, and who may do what with it."""

from __future__ import annotations

import pytest
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
