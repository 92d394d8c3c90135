"""Search and lineage on real servers: what was told by command is found, and the way back and forth is walked."""

from __future__ import annotations

import random
from uuid import uuid4

import pytest
from tests.integration.clients import eventually
from tests.integration.platform import Platform
from tests.integration.projections.indexing import Indexing, expected, opened
from tests.lineage_story import ENVIRONMENT, PROGRAM, whole

from headrace_events.deployment import DeleteDeployment
from headrace_events.ids import ProjectName
from headrace_events.topic import CreateTopic
from headrace_projections.lineage import node
from headrace_projections.lineage.graph import Direction, Standing
from headrace_projections.lineage.node import Node, NodeKind
from headrace_projections.lineage.queries import lineage
from headrace_projections.search.kinds import Kind
from headrace_projections.search.queries import Page, find


@pytest.fixture(scope="module")
def told(platform: Platform, indexing: Indexing) -> tuple[ProjectName, str]:
    """The story, told in a new project; its name and that of its study."""
    name, study = platform.project(), str(uuid4())
    for actor, command in whole(name, study):
        platform.send(command, actor)
    eventually(lambda: opened(platform, name, 2), "the groups' topics to be open")
    return ProjectName(name), study


@pytest.fixture(scope="module")
def shown(told: tuple[ProjectName, str], indexing: Indexing) -> tuple[ProjectName, str]:
    """The story, also in both indexes."""
    indexing.start()
    indexing.caught_up()
    return told


def ids(page: Page) -> list[str]:
    return [found.id for found in page.results]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("gusts knots", "feature_group:weather.1"),
        ("hourly observation", "feature_group:weather.1"),
        ("scheduled flights", "feature_group:scheduled_flights.1"),
        ("delay", "model_version:delay.1"),
        ("quarter of an hour", "model_version:delay.1"),
        ("train_boosted_trees", f"program:{PROGRAM}"),
        ("numpy==2.4.1", str(node.environment(ENVIRONMENT))),
        ("ADA weath*", "feature_group:weather.1"),
    ],
)
def test_a_thing_is_found_by_any_of_its_words(
    indexing: Indexing, shown: tuple[ProjectName, str], text: str, first: str
) -> None:
    assert first in ids(find(indexing.engine, [shown[0]], text))[:3]


def test_what_is_found_shows_where_the_words_were(indexing: Indexing, shown: tuple[ProjectName, str]) -> None:
    (found,) = find(indexing.engine, [shown[0]], "knots", kinds=[Kind.FEATURE_GROUP]).results
    assert found.highlight["columns"] == ("wind_gust strongest gusts, in <em>knots</em>",)
    assert found.people == ("ada",)


def test_no_words_show_the_latest_things(indexing: Indexing, shown: tuple[ProjectName, str]) -> None:
    page = find(indexing.engine, [shown[0]], " ", size=100)
    assert page.total == len(page.results) > 10
    moments = [found.updated for found in page.results]
    assert moments == sorted(moments, reverse=True)


@pytest.mark.parametrize(
    "text",
    [
        "weather) OR project:*",
        "project:rival",
        "*:*",
        '"unclosed',
        "((((",
        "weather~9 ~~~",
        "{" * 50,
        "\\",
        "+-|",
        "\0weather",
        "a/b:c^9",
        "x" * 10_000,
    ],
)
def test_no_text_breaks_a_search_or_leaves_the_project(
    platform: Platform, indexing: Indexing, shown: tuple[ProjectName, str], text: str
) -> None:
    page = find(indexing.engine, [shown[0]], text, size=100)
    assert {found.project for found in page.results} <= {shown[0]}


def test_nobody_finds_anything_without_a_project(indexing: Indexing, shown: tuple[ProjectName, str]) -> None:
    assert find(indexing.engine, [], "weather").total == 0


def test_the_way_back_from_the_model_reaches_topics_and_people(
    indexing: Indexing, shown: tuple[ProjectName, str]
) -> None:
    project, study = shown
    back = lineage(indexing.engine, project, node.model_version("delay", 1), Direction.UPSTREAM, levels=10)
    assert back is not None
    met = {str(each.node): each.level for each in back.nodes}
    assert met == {
        "model_version:delay.1": 0,
        f"trial:{study}.1": 1,
        f"program:{PROGRAM}": 1,
        str(node.environment(ENVIRONMENT)): 1,
        "training_dataset:late_flights.1.1": 1,
        "person:bob": 1,
        f"study:{study}": 2,
        "feature_view:late_flights.1": 2,
        "feature_group:weather.1": 3,
        "feature_group:scheduled_flights.1": 3,
        f"topic:{project}.features.weather.1": 4,
        f"topic:{project}.features.scheduled_flights.1": 4,
        "person:ada": 4,
        f"project:{project}": 5,
    }
    assert not back.more
    assert {each.standing for each in back.nodes} == {Standing.ACCESSIBLE}
    (trial,) = [each for each in back.nodes if each.node.kind is NodeKind.TRIAL]
    assert trial.found is not None
    assert trial.found.metrics == {"rung_0": 0.7 + 1 / 10}


def test_the_way_forward_from_a_topic_reaches_the_predictions(
    indexing: Indexing, shown: tuple[ProjectName, str]
) -> None:
    project, _ = shown
    start = node.topic(f"{project}.features.weather.1")
    forward = lineage(indexing.engine, project, start, Direction.DOWNSTREAM, levels=10)
    assert forward is not None
    assert {"model_version:delay.1", "deployment:delays_live", "predictions:delays_live"} <= {
        str(each.node) for each in forward.nodes
    }


def test_the_graph_is_shown_as_it_was_at_a_sequence_number(indexing: Indexing, shown: tuple[ProjectName, str]) -> None:
    project, _ = shown
    view = node.feature_view("late_flights", 1)
    now = lineage(indexing.engine, project, view, Direction.DOWNSTREAM, levels=10)
    assert now is not None
    dataset = min(edge.since_seq for edge in now.edges)
    then = lineage(indexing.engine, project, view, Direction.DOWNSTREAM, levels=10, as_of=dataset)
    assert then is not None
    assert [str(each.node) for each in then.nodes] == [str(view), "training_dataset:late_flights.1.1"]


def test_another_project_has_no_such_node(
    platform: Platform, indexing: Indexing, shown: tuple[ProjectName, str]
) -> None:
    other = ProjectName(platform.project())
    indexing.caught_up()
    assert lineage(indexing.engine, other, node.model_version("delay", 1), Direction.UPSTREAM) is None


def test_a_deleted_deployment_stays_in_the_graph_marked(platform: Platform, indexing: Indexing) -> None:
    project, study = ProjectName(platform.project()), str(uuid4())
    for actor, command in whole(project, study):
        platform.send(command, actor)
    platform.send(DeleteDeployment(project=project, name="delays_live"), "user:ada")
    indexing.start()
    indexing.caught_up()
    forward = lineage(indexing.engine, project, node.model_version("delay", 1), Direction.DOWNSTREAM, levels=5)
    assert forward is not None
    assert {str(each.node): each.standing for each in forward.nodes} == {
        "model_version:delay.1": Standing.ACCESSIBLE,
        "deployment:delays_live": Standing.DELETED,
        "predictions:delays_live": Standing.ACCESSIBLE,
    }
    before = max(edge.since_seq for edge in forward.edges)
    then = lineage(
        indexing.engine, project, Node.parse("deployment:delays_live"), Direction.UPSTREAM, levels=1, as_of=before
    )
    assert then is not None
    assert then.nodes[0].standing is Standing.ACCESSIBLE


def test_killed_at_any_moment_both_indexes_end_as_if_nothing_had_happened(
    platform: Platform, indexing: Indexing
) -> None:
    chance = random.Random(20130701)  # noqa: S311 - the moments of the kills are to be the same in every run
    project = platform.project()
    indexing.start()
    for number in range(60):
        platform.send(CreateTopic(project=project, name=f"raw-{number}"), "user:ada")
        if chance.random() < 0.15:
            name = chance.choice(("search", "lineage"))
            indexing.kill(name)
            indexing.start(name)
    eventually(lambda: opened(platform, project, 60), "the topics to be open", 60)
    events = indexing.caught_up()
    documents, edges = expected(events)
    assert indexing.documents() == documents
    assert indexing.edges() == edges
