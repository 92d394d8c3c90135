"""Search and lineage made again from the log, beside the live ones, on real servers."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from tests.integration.clients import connection, eventually
from tests.integration.platform import Platform
from tests.integration.projections.indexing import Indexing, expected, opened
from tests.lineage_story import whole

from headrace_broker.admin import Admin
from headrace_broker.topics import LINEAGE_REBUILDS
from headrace_events.deployment import CreateDeployment, DeleteDeployment
from headrace_events.ids import ProjectName
from headrace_events.project import DeleteProject
from headrace_projections.lineage.index import ALIAS as LINEAGE_ALIAS
from headrace_projections.search.index import ALIAS as SEARCH_ALIAS
from headrace_projections.search.queries import find
from headrace_projections.search.tables import believed


@pytest.fixture(scope="module")
def project(platform: Platform, indexing: Indexing) -> ProjectName:
    """A project with the whole story, quiet and in both indexes."""
    name = platform.project()
    for actor, command in whole(name, str(uuid4())):
        platform.send(command, actor)
    eventually(lambda: opened(platform, name, 2), "the groups' topics to be open")
    indexing.start()
    indexing.caught_up()
    return ProjectName(name)


def rebuild(indexing: Indexing, name: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit status and the outcome of `python -m headrace_projections.rebuild`, as its own principal."""
    done = subprocess.run(
        [sys.executable, "-m", "headrace_projections.rebuild", name, "--json", *arguments],
        env=indexing.platform.stack.site.environment(name),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in {0, 1}, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, outcome


@pytest.mark.parametrize(("name", "alias"), [("search", SEARCH_ALIAS), ("lineage", LINEAGE_ALIAS)])
def test_the_rebuilt_index_equals_the_live_one_and_takes_its_place(
    indexing: Indexing, project: ProjectName, name: str, alias: str
) -> None:
    before = indexing.engine.target(alias)
    status, outcome = rebuild(indexing, name, "--verify")
    assert status == 0
    assert outcome["equal"] is True
    assert outcome["live_digest"] == outcome["rebuilt_digest"]
    assert outcome["events"] > 10
    assert indexing.engine.target(alias) == outcome["place"] != before
    assert indexing.engine.indexes(f"{alias}-v") == [outcome["place"]]


def test_the_live_processes_go_on_in_the_rebuilt_indexes(
    platform: Platform, indexing: Indexing, project: ProjectName
) -> None:
    rebuild(indexing, "search")
    rebuild(indexing, "lineage")
    platform.send(CreateDeployment(project=project, name="second", model="delay", model_version=1), "user:ada")
    platform.send(DeleteDeployment(project=project, name="second"), "user:ada")
    documents, edges = expected(indexing.caught_up())
    assert indexing.documents() == documents
    assert indexing.edges() == edges
    (found,) = find(indexing.engine, [project], "second").results
    assert found.state == "deleted"


@pytest.mark.parametrize(
    ("name", "alias", "changed", "field"),
    [
        ("search", SEARCH_ALIAS, "model_version:delay.1", "description"),
        ("lineage", LINEAGE_ALIAS, "trial:", "kind"),
    ],
)
def test_a_document_changed_by_hand_is_named_and_put_right(
    indexing: Indexing, project: ProjectName, *, name: str, alias: str, changed: str, field: str
) -> None:
    index = indexing.engine.target(alias) or ""
    key, body = next((key, body) for key, body in indexing.engine.scan(alias) if key.startswith(f"{project}/{changed}"))
    indexing.engine._client.index(index=index, id=key, body={**body, field: "forged"}, refresh=True)
    status, outcome = rebuild(indexing, name, "--verify")
    assert status == 1
    assert outcome["equal"] is False
    (difference,) = outcome["differences"]
    assert (difference["table"], difference["row"], difference["column"]) == (alias, key, field)
    assert json.loads(difference["live"]) == "forged"
    assert json.loads(difference["rebuilt"]) == body[field]
    assert dict(indexing.engine.scan(alias))[key] == body


def test_a_document_deleted_by_hand_is_named(indexing: Indexing, project: ProjectName) -> None:
    key = f"{project}/feature_group:weather.1"
    indexing.engine._client.delete(index=indexing.engine.target(SEARCH_ALIAS) or "", id=key, refresh=True)
    status, outcome = rebuild(indexing, "search", "--verify")
    assert status == 1
    assert [(each["row"], each["column"], each["live"]) for each in outcome["differences"]] == [(key, "", None)]
    assert find(indexing.engine, [project], "gusts").total >= 1


def test_the_fresh_topic_of_a_rebuild_does_not_stay(indexing: Indexing, project: ProjectName) -> None:
    _, outcome = rebuild(indexing, "lineage")
    number = outcome["place"].rpartition("-v")[2]
    admin = Admin(connection(indexing.platform.stack, "broker"))
    assert admin.topic_ids([f"{LINEAGE_REBUILDS}{number}"]) == {}


@pytest.mark.parametrize("name", ["search", "lineage"])
def test_a_copy_is_made_of_how_it_was(platform: Platform, indexing: Indexing, project: ProjectName, name: str) -> None:
    events = platform.events()
    (moment,) = [
        recorded
        for recorded in events
        if recorded.project == project and recorded.event.wire == "training_dataset.requested"
    ]
    live = indexing.engine.target(f"headrace-{name}")
    _, outcome = rebuild(indexing, name, "--as-of", f"{project}:{moment.seq}")
    documents, edges = expected(
        [
            recorded
            for recorded in events
            if (recorded.seq <= moment.seq if recorded.project == project else recorded.time <= moment.time)
        ]
    )
    wanted = documents if name == "search" else edges
    assert {key: dict(body) for key, body in indexing.engine.scan(outcome["place"])} == wanted
    assert indexing.engine.target(f"headrace-{name}") == live
    indexing.engine.drop(outcome["place"])


def test_a_deleted_project_leaves_nothing_in_either_index_live_or_rebuilt(
    platform: Platform, indexing: Indexing, project: ProjectName
) -> None:
    gone = platform.project()
    for actor, command in whole(gone, str(uuid4())):
        platform.send(command, actor)
    eventually(lambda: opened(platform, gone, 2), "the groups' topics to be open")
    indexing.caught_up()
    assert of_project(indexing, gone)
    indexing.kill("search")
    platform.send(DeleteProject(project=gone), "user:ada")
    indexing.start("search")
    documents, edges = expected(indexing.caught_up())
    assert not of_project(indexing, gone)
    assert of_project(indexing, project)
    assert (indexing.documents(), indexing.edges()) == (documents, edges)
    assert [rebuild(indexing, name, "--verify")[1]["equal"] for name in ("search", "lineage")] == [True, True]


def of_project(indexing: Indexing, project: str) -> set[str]:
    """What both indexes hold of the project."""
    held = indexing.documents() | indexing.edges()
    return {key for key, body in held.items() if body["project"] == project}


def test_where_the_search_server_lost_everything_the_indexes_are_filled_again(
    indexing: Indexing, project: ProjectName
) -> None:
    for alias in (SEARCH_ALIAS, LINEAGE_ALIAS):
        indexing.engine.drop(indexing.engine.target(alias) or "")
    indexing.kill("search")
    indexing.start("search")
    for alias in (SEARCH_ALIAS, LINEAGE_ALIAS):
        eventually(partial(_speaks_of, indexing, alias), f"the index {alias} to be made")
    documents, edges = expected(indexing.caught_up())
    assert indexing.documents() == documents
    assert indexing.edges() == edges


def _speaks_of(indexing: Indexing, alias: str) -> bool | None:
    """Whether the alias has an index, and the checkpoint is about that one."""
    index = indexing.engine.target(alias)
    return True if index is not None and believed(indexing.database, alias) == indexing.engine.uuid(index) else None
