"""Documents of findable things are a fold of the events."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.lineage_story import ENVIRONMENT, PROGRAM
from tests.unit.projections.catalogue.examples import recorded
from tests.unit.projections.lineage.test_edges import STUDY, story

from headrace_events.annotation_words import Annotated, ChangeKeywords, Deprecate, Describe, Tag, Untag
from headrace_events.deployment import DeleteDeployment
from headrace_events.feature_group_growth import AppendFeatures, NewFeature
from headrace_events.language import Command, Event
from headrace_events.project import ProjectDescribed, ProjectRequested
from headrace_events.readme import ReadmeWritten
from headrace_events.tag_schema import CreateTagSchema
from headrace_events.transformation_function import CreateTransformationFunction
from headrace_events.transformation_function_life import DeleteTransformationFunction
from headrace_projections.lineage import node
from headrace_projections.search.apply import Documents
from headrace_projections.search.document import Document
from headrace_projections.search.engine import LONGEST_ID, identifier
from headrace_projections.search.index import BODY
from headrace_projections.search.kinds import Kind


def documents(*more: tuple[str, Command]) -> dict[str, Document]:
    fold = Documents()
    for happened in story(*more):
        fold.take(happened)
    return {document.id: document for document in fold.all.values()}


def test_each_thing_of_the_story_has_one_document() -> None:
    assert set(documents()) == {
        "topic:flights.features.weather.1",
        "topic:flights.features.scheduled_flights.1",
        "feature_group:weather.1",
        "feature_group:scheduled_flights.1",
        "feature_view:late_flights.1",
        "training_dataset:late_flights.1.1",
        f"study:{STUDY}",
        f"trial:{STUDY}.0",
        f"trial:{STUDY}.1",
        f"program:{PROGRAM}",
        str(node.environment(ENVIRONMENT)),
        "model_version:delay.1",
        "deployment:delays_live",
    }


def test_a_feature_group_tells_its_columns_and_its_maker() -> None:
    group = documents()["feature_group:weather.1"]
    assert group.columns == ("origin", "observed_at", "wind_gust strongest gusts, in knots")
    assert (group.name, group.version, group.people) == ("weather", 1, ("ada",))
    assert group.description == "Hourly observations at each airport"


def test_a_function_is_found_by_its_name_its_features_and_its_source_and_so_it_is_once_deleted() -> None:
    source = "def gusty(wind_gust):\n    # knots, not miles\n    return wind_gust > 30\n"
    made = CreateTransformationFunction(
        project="flights", name="gusty", source=source, arguments=("wind_gust",), return_types=("boolean",)
    )
    gone = DeleteTransformationFunction(project="flights", name="gusty", version=1)
    found = documents(("user:bob", made))["transformation_function:gusty.1"]
    assert (found.name, found.version, found.people, found.columns, found.text) == (
        "gusty",
        1,
        ("bob",),
        ("wind_gust",),
        (source,),
    )
    assert documents(("user:bob", made), ("user:bob", gone))["transformation_function:gusty.1"].state == "deleted"


def test_columns_that_came_later_are_found_too() -> None:
    wish = AppendFeatures(
        project="flights",
        name="weather",
        version=1,
        features=(NewFeature(name="rain", type="string", description="in words"),),
    )
    grown, before = documents(("user:ada", wish))["feature_group:weather.1"], documents()["feature_group:weather.1"]
    assert grown.columns == (*before.columns, "rain in words")
    assert grown.seq > before.seq


def test_a_trial_tells_its_parameters_and_metrics_as_they_come() -> None:
    trial = documents()[f"trial:{STUDY}.1"]
    assert trial.text == ("learning_rate=0.2",)
    assert trial.metrics == {"rung_0": 0.7 + 1 / 10}


def test_a_training_dataset_becomes_ready_with_its_hash_and_rows() -> None:
    dataset = documents()["training_dataset:late_flights.1.1"]
    assert (dataset.state, dataset.metrics) == ("ready", {"rows": 1200.0})
    assert "d" * 64 in dataset.text


def test_a_deleted_deployment_is_still_found_as_deleted() -> None:
    live = documents()["deployment:delays_live"]
    gone = documents(("user:ada", DeleteDeployment(project="flights", name="delays_live")))["deployment:delays_live"]
    assert (live.state, gone.state) == ("ready", "deleted")
    assert gone.seq > live.seq
    assert gone.created == live.created


def test_a_thing_is_found_by_all_that_is_said_about_it_now() -> None:
    group: dict[str, Any] = {"project": "flights", "kind_of": Annotated.FEATURE_GROUP, "name": "weather", "version": 1}
    said: list[tuple[str, Command]] = [
        ("user:root-admin", CreateTagSchema(name="owner", schema="{}")),
        ("user:bob", Describe(**group, description="What the stations saw")),
        ("user:bob", Describe(**group, description="in metres per second", feature="wind_gust")),
        ("user:bob", ChangeKeywords(**group, add=("hourly", "metar"))),
        ("user:bob", Tag(**group, tag="owner", value='{"team":"meteorology"}')),
        ("user:ada", Deprecate(**group, deprecated=True)),
    ]
    before, found = documents()["feature_group:weather.1"], documents(*said)["feature_group:weather.1"]
    assert (found.description, found.state) == ("What the stations saw", "deprecated")
    assert found.columns == (*before.columns[:2], "wind_gust in metres per second")
    assert found.text == (*before.text, "keyword hourly", "keyword metar", 'tag owner {"team":"meteorology"}')
    said += [
        ("user:bob", ChangeKeywords(**group, remove=("metar",))),
        ("user:bob", Untag(**group, tag="owner")),
        ("user:ada", Deprecate(**group, deprecated=False)),
    ]
    again = documents(*said)["feature_group:weather.1"]
    assert (again.state, again.text) == (before.state, (*before.text, "keyword hourly"))


def test_the_version_of_a_document_grows_with_every_change() -> None:
    fold = Documents()
    last: dict[str, int] = {}
    for happened in story():
        for document in fold.take(happened):
            assert document.seq == happened.seq > last.get(document.key, 0)
            last[document.key] = document.seq


def test_a_document_has_exactly_the_fields_of_the_index() -> None:
    fields = set(BODY["mappings"]["properties"]) - {"everything"}
    for document in documents().values():
        entry = document.entry()
        assert set(entry.body) == fields
        assert json.loads(json.dumps(entry.body))["id"] == document.id


def test_every_kind_of_document_is_a_kind_one_can_ask_for() -> None:
    assert {document.kind for document in documents().values()} <= set(Kind)
    assert set(node.NodeKind) - set(Kind) == {node.NodeKind.PREDICTIONS}


@given(st.text())
def test_an_id_always_fits(text: str) -> None:
    long = identifier(text * 50)
    assert len(long.encode()) <= LONGEST_ID
    assert identifier(text * 50) == long


def test_a_project_is_found_by_its_description_and_its_readme() -> None:
    fold = Documents()
    told: tuple[Event, ...] = (
        ProjectRequested(project="flights", owner="ada", description="Delays"),
        ProjectDescribed(project="flights", description="Delays of 2013"),
        ReadmeWritten(text="# First"),
        ReadmeWritten(text="# Gusts"),
    )
    for seq, event in enumerate(told, 1):
        fold.take(recorded(event, seq=seq))
    project, readme = fold.all["flights/project:flights"], fold.all["flights/readme:flights"]
    assert (project.description, project.seq) == ("Delays of 2013", 2)
    assert (readme.kind, readme.name, readme.text, readme.seq) == (Kind.README, "flights", ("# Gusts",), 4)
