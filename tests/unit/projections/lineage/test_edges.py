"""Edges are a function of the events."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.lineage_story import ENVIRONMENT, PROGRAM, whole
from tests.unit.events.scenario import project

from headrace_events.deployment import DeleteDeployment
from headrace_events.envelope import Position, Recorded
from headrace_events.feature_group_life import FeatureGroupDeleted
from headrace_events.feature_group_streaming import StreamingDeclared
from headrace_events.feature_view import CreateFeatureView, FeatureViewCreated, GroupSelection
from headrace_events.feature_view_life import DeleteFeatureView, FeatureViewDeleted
from headrace_events.language import Command
from headrace_events.topic import CreateTopic, OpenedTopic, RecordTopicOpened
from headrace_events.transformation import Transformation
from headrace_events.transformation_function import CreateTransformationFunction
from headrace_events.transformation_function_life import DeleteTransformationFunction
from headrace_processors.commands.handle import Accepted
from headrace_projections.lineage import node
from headrace_projections.lineage.apply import Edges, edges_of
from headrace_projections.lineage.edge import Edge, EdgeCodec
from headrace_projections.lineage.index import entry
from headrace_projections.lineage.node import Node, NodeKind
from headrace_schemas.errors import Undecodable

STUDY = "0197f3c1-6f0e-7c55-b9a1-3d2f6f0a1b2c"


def story(*more: tuple[str, Command]) -> list[Recorded]:
    """The events of the story in project `flights`, each at its own place in the log."""
    scenario = project()
    recorded: list[Recorded] = []
    for actor, command in (*whole("flights", STUDY), *more):
        outcome = scenario.when(command, actor)
        assert isinstance(outcome, Accepted), outcome
        recorded += outcome.events
    return [replace(event, at=Position("topic-id", 0, offset)) for offset, event in enumerate(recorded)]


def edges(events: list[Recorded]) -> dict[tuple[str, str, str], Edge]:
    """The last word on each edge."""
    fold = Edges()
    found = [edge for recorded in events for edge in fold.take(recorded)]
    return {(str(edge.source), edge.kind, str(edge.target)): edge for edge in found}


def test_every_step_from_topic_to_predictions_is_an_edge() -> None:
    environment = str(node.environment(ENVIRONMENT))
    assert set(edges(story())) == {
        ("topic:flights.features.weather.1", "feeds", "feature_group:weather.1"),
        ("topic:flights.features.scheduled_flights.1", "feeds", "feature_group:scheduled_flights.1"),
        ("person:ada", "created", "feature_group:weather.1"),
        ("person:ada", "created", "feature_group:scheduled_flights.1"),
        ("feature_group:weather.1", "selected_by", "feature_view:late_flights.1"),
        ("feature_group:scheduled_flights.1", "selected_by", "feature_view:late_flights.1"),
        ("person:bob", "created", "feature_view:late_flights.1"),
        ("feature_view:late_flights.1", "materialised_as", "training_dataset:late_flights.1.1"),
        ("person:bob", "created", "training_dataset:late_flights.1.1"),
        ("training_dataset:late_flights.1.1", "trained", f"study:{STUDY}"),
        (f"program:{PROGRAM}", "ran_as", f"study:{STUDY}"),
        (environment, "installed_for", f"study:{STUDY}"),
        ("person:bob", "created", f"study:{STUDY}"),
        (f"study:{STUDY}", "started", f"trial:{STUDY}.0"),
        (f"study:{STUDY}", "started", f"trial:{STUDY}.1"),
        (f"trial:{STUDY}.1", "produced", "model_version:delay.1"),
        ("training_dataset:late_flights.1.1", "trained", "model_version:delay.1"),
        (f"program:{PROGRAM}", "ran_as", "model_version:delay.1"),
        (environment, "installed_for", "model_version:delay.1"),
        ("person:bob", "created", "model_version:delay.1"),
        ("model_version:delay.1", "deployed_as", "deployment:delays_live"),
        ("deployment:delays_live", "logged", "predictions:delays_live"),
        ("person:ada", "created", "deployment:delays_live"),
    }


def test_a_view_of_a_group_that_another_project_shares_leads_there() -> None:
    selection = GroupSelection(group="weather", version=2, features=("temp",), project="climate")
    view = FeatureViewCreated(name="late", version=1, description="", root=selection, joins=(), labels=())
    leading = Node.parse("climate/feature_group:weather.2"), "selected_by", node.feature_view("late", 1)
    at = next(recorded for recorded in story() if recorded.project is not None)
    found = [(edge.source, edge.kind, edge.target) for edge in edges_of(replace(at, event=view))]
    assert leading in found


def test_a_function_of_members_transforms_views_until_they_are_deleted() -> None:
    made = CreateTransformationFunction(
        project="flights", name="gusty", source="def gusty(x): ...", arguments=("x",), return_types=("double",)
    )
    own = Transformation(function="gusty", version=1, columns=("wind_gust",))
    built_in = Transformation(function="standard_scaler", columns=("wind_gust",))
    root = GroupSelection(group="weather", version=1, features=("wind_gust",))
    view = CreateFeatureView(project="flights", name="calm", root=root, transformations=(own, built_in))
    told: list[tuple[str, Command]] = [("user:bob", made), ("user:bob", view)]
    found = edges(story(*told))
    transforms = ("transformation_function:gusty.1", "transforms", "feature_view:calm.1")
    assert ("person:bob", "created", "transformation_function:gusty.1") in found
    assert [edge for edge in found if edge[1] == "transforms"] == [transforms]
    gone: list[tuple[str, Command]] = [
        ("user:bob", DeleteFeatureView(project="flights", name="calm", version=1)),
        ("user:bob", DeleteTransformationFunction(project="flights", name="gusty", version=1)),
    ]
    found = edges(story(*told, *gone))
    assert found[transforms].until_seq is not None
    assert found["person:bob", "created", "transformation_function:gusty.1"].until_seq is not None


def test_an_opened_topic_belongs_to_its_project_and_a_person_to_what_they_asked_for() -> None:
    opened = OpenedTopic(name="flights.topics.raw", topic_id="id", partitions=1, purpose="user")
    found = edges(
        story(
            ("user:ada", CreateTopic(project="flights", name="raw")),
            ("system:provisioning", RecordTopicOpened(project="flights", topic=opened)),
        )
    )
    assert ("person:ada", "created", "topic:flights.topics.raw") in found
    assert ("project:flights", "contains", "topic:flights.topics.raw") in found


def test_an_edge_says_since_when_by_whom_and_which_event_said_so() -> None:
    events = story()
    (made,) = [recorded for recorded in events if recorded.event.wire == "deployment.created"]
    edge = edges(events)["model_version:delay.1", "deployed_as", "deployment:delays_live"]
    assert (edge.project, edge.since_seq, edge.since, edge.actor) == ("flights", made.seq, made.time, "user:ada")
    assert edge.position == f"topic-id:0:{made.at.offset}"
    assert edge.until_seq is None


def test_deleting_a_deployment_ends_what_leads_into_it_and_keeps_its_predictions() -> None:
    events = story(("user:ada", DeleteDeployment(project="flights", name="delays_live")))
    found = edges(events)
    deleted = events[-1]
    ended = found["model_version:delay.1", "deployed_as", "deployment:delays_live"]
    assert (ended.until_seq, ended.until, ended.version) == (deleted.seq, deleted.time, deleted.seq)
    assert ended.since_seq < deleted.seq
    assert found["person:ada", "created", "deployment:delays_live"].until_seq == deleted.seq
    assert found["deployment:delays_live", "logged", "predictions:delays_live"].until_seq is None


def test_deleting_a_group_or_a_view_ends_what_leads_into_it() -> None:
    deleted = (
        FeatureGroupDeleted(name="weather", version=1, topic="flights.features.weather.1"),
        FeatureViewDeleted(name="late_flights", version=1),
    )
    events = story()
    last = events[-1]
    events += [
        replace(last, event=gone, seq=last.seq + number, project="flights") for number, gone in enumerate(deleted, 1)
    ]
    found = edges(events)
    ended = {key for key, edge in found.items() if edge.until_seq is not None}
    assert ended == {
        ("topic:flights.features.weather.1", "feeds", "feature_group:weather.1"),
        ("person:ada", "created", "feature_group:weather.1"),
        ("feature_group:weather.1", "selected_by", "feature_view:late_flights.1"),
        ("feature_group:scheduled_flights.1", "selected_by", "feature_view:late_flights.1"),
        ("person:bob", "created", "feature_view:late_flights.1"),
    }


def test_the_same_events_give_the_same_bytes_again() -> None:
    codec = EdgeCodec()
    events = story()
    once, twice = ({edge.key: codec.encode(edge) for edge in edges(events).values()} for _ in range(2))
    assert once == twice


def test_an_edge_survives_its_bytes_and_its_document_and_its_key_is_part_of_it() -> None:
    codec = EdgeCodec()
    for edge in edges(story(("user:ada", DeleteDeployment(project="flights", name="delays_live")))).values():
        assert codec.decode(codec.encode(edge)) == edge
        assert Edge.from_record(entry(edge).body) == edge
        key = json.loads(edge.key)
        assert key == {
            "project": edge.project,
            "source": str(edge.source),
            "target": str(edge.target),
            "kind": edge.kind,
        }


def test_what_is_not_an_edge_is_undecodable() -> None:
    codec = EdgeCodec()
    good = next(iter(edges(story()).values()))
    wrong = replace(good, source=Node(NodeKind.TOPIC, ""))
    with pytest.raises(Undecodable):
        codec.decode(codec.encode(wrong))


def test_the_order_of_a_list_of_distributions_does_not_make_another_environment() -> None:
    assert node.environment(("b==2", "a==1")) == node.environment(("a==1", "b==2", "a==1"))
    assert node.environment(("a==1",)) != node.environment(("a==2",))


def test_what_happens_on_the_platform_joins_nothing() -> None:
    events = [replace(recorded, project=None) for recorded in story()]
    assert [edge for recorded in events for edge in edges_of(recorded)] == []


@pytest.mark.parametrize("text", ["topic:a.b", "feature_group:a.1", "rival/topic:rival.events", "study:a:b/c"])
def test_a_node_reads_what_it_writes(text: str) -> None:
    assert str(Node.parse(text)) == text


@pytest.mark.parametrize("text", ["", "topic", "topic:", "planet:mars", "/topic:a", ":a"])
def test_what_is_no_node_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"node|NodeKind"):
        Node.parse(text)


def test_a_streaming_group_comes_of_its_source() -> None:
    declared = StreamingDeclared(
        name="gusts",
        version=2,
        topic="flights.features.gusts.2",
        source="weather",
        source_version=1,
        source_topic="flights.features.weather.1",
        keys=("origin",),
        aggregations=(),
        slide_seconds=600,
        allowed_lateness_seconds=0,
    )
    assert set(edges([replace(story()[-1], event=declared, project="flights")])) == {
        ("feature_group:weather.1", "streamed_into", "feature_group:gusts.2")
    }
    of_topic = replace(declared, source="flights.topics.gusts", source_version=0, event_time="at")
    assert set(edges([replace(story()[-1], event=of_topic, project="flights")])) == {
        ("topic:flights.topics.gusts", "streamed_into", "feature_group:gusts.2")
    }
