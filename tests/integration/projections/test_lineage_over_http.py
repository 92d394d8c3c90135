"""Search and lineage as people use them: with the SDK, over HTTP, as a member and as a stranger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import nominal_time_run
from openlineage.client.serde import Serde
from openlineage.client.transport.http import HttpConfig, HttpTransport
from tests.integration.clients import eventually
from tests.integration.platform import Platform
from tests.integration.projections.indexing import Indexing, opened
from tests.lineage_story import ARTIFACT, whole

from headrace import HeadraceError, Invalid, Lineage, NotFound, Project, connect
from headrace._http import Api
from headrace._search import search
from headrace_events.api_key import IssueApiKey
from headrace_events.lineage_run import RunEventRecorded


def key_of(platform: Platform, user: str) -> str:
    """A new API key of that person."""
    key_id, secret = uuid4().hex, uuid4().hex
    actor = platform.user(user)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    platform.send(IssueApiKey(key_id=key_id, user=user, key_hash=digest, limited_to=None, expires=None), actor)
    return f"{key_id}.{secret}"


@pytest.fixture(scope="module")
def url(platform: Platform, indexing: Indexing) -> str:
    """The API, with everything that search and lineage need."""
    platform.stack.stack.up(["api"], report=print)
    indexing.start()
    return platform.stack.site.api_url


@pytest.fixture(scope="module")
def project(platform: Platform, indexing: Indexing, url: str) -> Iterator[Project]:
    """A project with the whole story, as its owner sees it."""
    name = platform.project()
    for actor, command in whole(name, str(uuid4())):
        platform.send(command, actor)
    eventually(lambda: opened(platform, name, 2), "the groups' topics to be open")
    indexing.caught_up()
    key = key_of(platform, "ada")
    eventually(lambda: _signed_in(url, key), "the API to know the key")
    signed_in = connect(url, key).get_project(name)
    yield signed_in
    signed_in.close()


def _signed_in(url: str, key: str) -> bool | None:
    api = Api(url, key, patience=0)
    try:
        api.get("/api/whoami")
    except HeadraceError:
        return None
    finally:
        api.close()
    return True


def test_a_member_finds_things_by_free_text(project: Project) -> None:
    found = project.search("strongest gusts")
    assert [each.id for each in found][:1] == ["feature_group:weather.1"]
    assert "weather" in str(found)


def test_only_things_of_the_kind_asked_for_are_found(project: Project) -> None:
    found = project.search("", kind=["model_version", "deployment"])
    assert {each.kind for each in found} == {"model_version", "deployment"}
    with pytest.raises(Invalid):
        project.search("", kind="planet")


def test_the_way_back_from_the_model_is_printed_as_a_tree(project: Project) -> None:
    back = project.lineage("model_version:delay.1")
    tree = str(back).splitlines()
    assert tree[0] == "model version delay.1, by bob (auc 0.8)"
    assert "├─ produced: trial delay_search trial 1 (learning_rate=0.2, rung_0 0.8)" in tree
    assert any(line.endswith("started: study delay_search, by bob (best 0.8)") for line in tree)
    assert any(line.endswith(f"feeds: topic {project.name}.features.weather.1") for line in tree)
    assert back.people == ("ada", "bob")
    assert len(back.of_kind("feature_group")) == 2
    assert not back.more


def test_the_way_forward_reaches_the_predictions(project: Project) -> None:
    forward = project.lineage("model_version:delay.1", "downstream")
    assert str(forward).splitlines() == [
        "model version delay.1 (auc 0.8)",
        "└─ deployed as: deployment delays_live",
        "   └─ logged: predictions delays_live",
    ]


def test_what_was_just_done_is_found_and_walked_at_once(platform: Platform, project: Project, url: str) -> None:
    api = Api(url, key_of(platform, "ada"))
    eventually(lambda: _signed_in(url, api.key), "the API to know the key")
    for number in range(5):
        name = f"zebra{number}"
        body = {"name": name, "framework": "sklearn", "artifact": ARTIFACT, "description": "striped"}
        api.post(f"/api/projects/{project.name}/models", body)
        found = search(api, f"striped {name}", project=project.name)
        assert [each.id for each in found] == [f"model_version:{name}.1"]
        graph = api.get(f"/api/projects/{project.name}/lineage/model_version:{name}.1")
        assert [edge["source"] for edge in graph["edges"]] == ["person:ada"]
    api.close()


def test_a_stranger_sees_nothing_of_the_project(platform: Platform, project: Project, url: str) -> None:
    key = key_of(platform, "eve")
    eventually(lambda: _signed_in(url, key), "the API to know the key")
    api = Api(url, key)
    for path in ("search", "lineage/model_version:delay.1"):
        with pytest.raises(NotFound):
            api.get(f"/api/projects/{project.name}/{path}")
    assert [each.project for each in search(api, "weather")] == []
    api.close()


def test_a_member_searches_everywhere_at_once(platform: Platform, project: Project, url: str) -> None:
    key = key_of(platform, "bob")
    eventually(lambda: _signed_in(url, key), "the API to know the key")
    api = Api(url, key)
    assert project.name in {each.project for each in search(api, "scheduled departure")}
    api.close()


@pytest.mark.parametrize("node", ["planet:mars", "nothing", f"rival/topic:{'x' * 10}"])
def test_what_is_no_node_of_the_project_is_refused(project: Project, node: str) -> None:
    with pytest.raises(Invalid):
        project.lineage(node)


def test_a_node_that_is_not_there_is_not_found(project: Project) -> None:
    with pytest.raises(NotFound):
        project.lineage("model_version:delay.99")
    with pytest.raises(Invalid):
        project.lineage("model_version:delay.1", levels=1000)


def test_the_way_is_exported_as_openlineage_events(platform: Platform, project: Project, url: str) -> None:
    key = key_of(platform, "bob")
    eventually(lambda: _signed_in(url, key), "the API to know the key")
    api = Api(url, key)
    events = api.get(f"/api/projects/{project.name}/lineage/model_version:delay.1/openlineage")
    assert events[-1]["outputs"] == [{"namespace": f"headrace://{project.name}", "name": "model_version:delay.1"}]
    assert {event["eventType"] for event in events} == {"COMPLETE"}
    api.close()


def clients_event(run: str, state: RunState, minute: int, project: str) -> RunEvent:
    """What a job elsewhere says, made by OpenLineage's own library."""
    return RunEvent(
        eventTime=datetime(2013, 7, 1, 0, minute, tzinfo=UTC).isoformat(),
        eventType=state,
        run=Run(runId=run, facets={"nominalTime": nominal_time_run.NominalTimeRunFacet("2013-07-01T00:00:00Z")}),
        job=Job(namespace="airflow", name="clean.flights"),
        inputs=[InputDataset(namespace="s3://raw", name="flights/2013 (whole year).csv")],
        outputs=[OutputDataset(namespace=f"headrace://{project}", name="feature_group:weather.1")],
        producer="https://example.org/cleaner",
    )


def test_the_client_of_openlineage_tells_of_a_run_and_the_graph_shows_it(
    platform: Platform, project: Project, url: str
) -> None:
    key = key_of(platform, "bob")
    eventually(lambda: _signed_in(url, key), "the API to know the key")
    given = {"url": f"{url}/api/projects/{project.name}/openlineage/", "auth": {"type": "api_key", "apiKey": key}}
    transport = HttpTransport(HttpConfig.from_dict(given))
    run = str(uuid4())
    with closing(OpenLineageClient(transport=transport)) as client:
        for state, minute in ((RunState.START, 1), (RunState.COMPLETE, 2), (RunState.COMPLETE, 2)):
            client.emit(clients_event(run, state, minute, project.name))
    told = [one for one in platform.events() if isinstance(one.event, RunEventRecorded) and one.event.run == run]
    assert [(one.project, one.event.wire, one.actor) for one in told] == [
        (project.name, "lineage_run.event_recorded", "user:bob")
    ] * 2

    def drawn() -> Lineage | None:
        found = project.lineage("feature_group:weather.1")
        return found if found.of_kind("dataset") else None

    back = eventually(drawn, "the graph to show the run")
    assert [node.id for node in back.of_kind("dataset")] == ["dataset:s3://raw|flights/2013 (whole year).csv"]
    assert [node.id for node in back.of_kind("job")] == ["job:airflow|clean.flights"]
    assert {edge.kind for edge in back.edges if f"run:{run}" in {edge.source, edge.target}} == {
        "claimed",
        "claimed_run",
        "claimed_input",
        "claimed_output",
    }
    forward = project.lineage("dataset:s3://raw|flights/2013 (whole year).csv", "downstream")
    assert "feature_group:weather.1" in {node.id for node in forward.nodes}
    found = eventually(lambda: list(project.search("whole year")) or None, "the dataset to be found")
    assert [each.kind for each in found] == ["dataset"]


def test_a_batch_records_what_it_can_and_names_the_rest(platform: Platform, project: Project, url: str) -> None:
    key = key_of(platform, "bob")
    eventually(lambda: _signed_in(url, key), "the API to know the key")
    api = Api(url, key)
    good = [
        json.loads(Serde.to_json(clients_event(str(uuid4()), RunState.COMPLETE, 5, project.name))) for _ in range(6)
    ]
    late = {**good[0], "eventType": "START", "eventTime": "2013-07-01T00:04:00Z"}
    bad = [{**good[1], "run": {"runId": "7"}}, "no event at all", {**good[2], "eventType": "COMPLETED"}]
    batch = [*good, *bad, good[3], late]
    path = f"/api/projects/{project.name}/openlineage/api/v1/lineage/batch"
    answer = httpx.post(f"{url}{path}", json=batch, headers={"Authorization": f"Bearer {key}"}, timeout=60)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["status"], told["summary"]) == (
        "partial_success",
        {"received": 11, "successful": 8, "failed": 3, "retriable": 0, "non_retriable": 3},
    )
    assert [(one["index"], one["code"], one["retriable"]) for one in told["failed_events"]] == [
        (number, "invalid-request", False) for number in (6, 7, 8)
    ]
    assert "runId" in told["failed_events"][0]["reason"]
    runs = {event["run"]["runId"] for event in good}
    recorded = [one for one in platform.events() if isinstance(one.event, RunEventRecorded) and one.event.run in runs]
    assert len(recorded) == len(good) + 1
    after = answer.headers["headrace-position"]
    assert after.count(":") == 2
    seen = api.get(f"/api/projects/{project.name}/lineage/run:{good[0]['run']['runId']}", after=after)
    assert {edge["kind"] for edge in seen["edges"]} == {"claimed", "claimed_run", "claimed_input"}
    strangers = key_of(platform, "eve")
    eventually(lambda: _signed_in(url, strangers), "the API to know the key")
    refused = httpx.post(f"{url}{path}", json=good, headers={"Authorization": f"Bearer {strangers}"}, timeout=60)
    assert (refused.status_code, refused.json()["code"]) == (404, "project-not-found")
    api.close()
