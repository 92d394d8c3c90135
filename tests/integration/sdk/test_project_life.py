"""A project from outside: what is written about it, and who may do what with it."""

from __future__ import annotations

import hashlib
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


def used(project: headrace.Project) -> dict[str, tuple[int | None, int | None]]:
    """What is used and allowed, by quota."""
    return {row.quota: (row.used, row.limit) for row in project.get_usage()}


def test_usage_counts_what_the_command_processor_counts(served: Served) -> None:
    name = served.new_project()
    with served.administrator() as administrator:
        administrator.set_quota(name, "topics", 2)
        administrator.set_quota(name, "storage-bytes", 100_000)
    with served.project("ada", name) as project:
        before = used(project)
        assert (before["topics"], before["members"], before["cpu-seconds"]) == ((0, 2), (2, 200), (0, 3_600_000))
        project.get_kafka_api().create_topic("clicks", partitions=3)
        project.get_feature_store().get_or_create_feature_group(
            "weather", version=1, primary_key=["airport"], features=[{"airport": "JFK", "wind": 1.5}]
        )
        with pytest.raises(headrace.Conflict) as refused:
            project.get_kafka_api().create_topic("more")
        assert refused.value.code == "quota-exceeded"
        assert refused.value.details == {"quota": "topics", "limit": "2", "used": "2", "asked": "1"}
        project.get_kafka_api().delete_topic("clicks")
        after = used(project)
        assert (after["topics"], after["partitions"], after["feature-groups"]) == ((1, 2), (1, 400), (1, 100))
        stored, limit = after["storage-bytes"]
        assert stored is not None
        assert (stored < 100_000, limit) == (True, 100_000)
    more = served.ask("PUT", f"/api/projects/{name}/quotas/topics", key=served.key("ada"), json={"limit": 9})
    assert (more.status_code, more.json()["code"]) == (403, "administrators-only")
    content = b"a" * 100_001
    path = f"/api/projects/{name}/artifacts/{hashlib.sha256(content).hexdigest()}"
    answer = served.ask("PUT", path, key=served.key("ada"), content=content)
    assert (answer.status_code, answer.json()["code"]) == (409, "quota-exceeded")
    assert answer.json()["details"]["quota"] == "storage-bytes"
    small = b"a" * 1_000
    path = f"/api/projects/{name}/artifacts/{hashlib.sha256(small).hexdigest()}"
    assert served.ask("PUT", path, key=served.key("ada"), content=small).status_code == 201
    with served.project("bob", name) as project:
        now = used(project)["storage-bytes"][0]
        assert now is not None
        assert now >= stored + 1_000
    served.ask("DELETE", f"/api/projects/{name}/quotas/topics")
    with served.project("ada", name) as project:
        project.get_kafka_api().create_topic("more")


def test_a_person_has_another_role_and_another_certificate_in_each_project(served: Served, tmp_path: Path) -> None:
    platform = served.platform
    own, other = served.new_project("ada", scientist="bob"), served.new_project("carl", scientist="ada")
    mine = platform.member_connection(own, "ada", tmp_path)
    theirs = platform.member_connection(other, "ada", tmp_path)
    assert can_produce(mine, f"{own}.outcomes")
    assert not can_produce(theirs, f"{other}.outcomes")
    assert can_read(theirs, f"{other}.runs")
    assert not can_read(mine, f"{other}.runs")
    assert not can_read(theirs, f"{own}.runs")
