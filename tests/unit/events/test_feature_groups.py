"""Feature groups and views: names, types, keys and versions."""

from dataclasses import replace

import pytest
from tests.unit.events.scenario import project

from headrace_events.feature_group import CreateFeatureGroup, FeatureGroupCreated
from headrace_events.feature_view import CreateFeatureView, FeatureViewCreated, GroupSelection, Join, KeyPair
from headrace_events.ids import Micros
from headrace_events.row_schema import Column, row_schema
from headrace_events.schema import SchemaRegistered
from headrace_events.subject import SubjectVersionRegistered
from headrace_events.topic import TopicRequested
from headrace_events.training_dataset import CreateTrainingDataset, Split, TrainingDatasetRequested
from headrace_schemas.catalogue import FIRST_FREE_ID

WEATHER = CreateFeatureGroup(
    project="flights",
    name="weather",
    columns=(
        Column(name="origin", type="string"),
        Column(name="time_hour", type="timestamp"),
        Column(name="temp", type="double"),
    ),
    primary_key=("origin",),
    event_time="time_hour",
)
VIEW = CreateFeatureView(
    project="flights",
    name="delays",
    root=GroupSelection(group="flights", version=1, features=("flight", "late")),
    joins=(
        Join(
            selection=GroupSelection(group="weather", version=1, features=("temp",)),
            on=(KeyPair(left="origin", right="origin"),),
        ),
    ),
    labels=("late",),
)
FLIGHTS = CreateFeatureGroup(
    project="flights",
    name="flights",
    columns=(
        Column(name="flight", type="bigint"),
        Column(name="at", type="timestamp"),
        Column(name="origin", type="string"),
        Column(name="late", type="boolean"),
    ),
    primary_key=("flight",),
    event_time="at",
)


def test_a_new_group_brings_its_schema_its_subject_and_its_topic_in_one_step() -> None:
    schema, subject, created, topic = project().events(WEATHER)
    assert isinstance(schema, SchemaRegistered)
    assert isinstance(subject, SubjectVersionRegistered)
    assert isinstance(created, FeatureGroupCreated)
    assert schema.schema_id == subject.schema_id == created.schema_id == FIRST_FREE_ID
    assert topic == TopicRequested(
        name="flights.features.weather.1", partitions=1, purpose="features", subject="weather_1"
    )


def test_versions_go_up_by_one_and_are_never_used_again() -> None:
    scenario = project()
    scenario.events(replace(WEATHER, version=1))
    assert scenario.refusal(replace(WEATHER, version=1)) == "feature-group-exists"
    created = scenario.events(WEATHER)[2]
    assert isinstance(created, FeatureGroupCreated)
    assert created.version == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"columns": ()}, "invalid-columns"),
        ({"columns": (*WEATHER.columns, Column(name="temp", type="int"))}, "duplicate-column"),
        ({"columns": (*WEATHER.columns, Column(name="wind", type="number"))}, "unknown-type"),
        ({"columns": (*WEATHER.columns, Column(name="Wind", type="double"))}, "invalid-name"),
        ({"primary_key": ()}, "no-primary-key"),
        ({"primary_key": ("airport",)}, "unknown-column"),
        ({"primary_key": ("temp",)}, "invalid-key-type"),
        ({"event_time": "origin"}, "invalid-event-time"),
        ({"online": False, "offline": False}, "nowhere"),
        ({"ttl_seconds": 0}, "invalid-ttl"),
        ({"version": 0}, "invalid-version"),
        ({"partitions": 65}, "invalid-partitions"),
        ({"name": "we/ather"}, "invalid-name"),
    ],
)
def test_a_group_is_refused_for(change: dict[str, object], code: str) -> None:
    assert project().refusal(replace(WEATHER, **change)) == code  # type: ignore[arg-type] # one field each


def test_what_is_not_a_key_may_be_null_in_the_row_schema() -> None:
    text = row_schema("my-flights", "weather", 1, WEATHER.columns, ["origin", "time_hour"])
    assert '"name":"weather_1","namespace":"headrace.features.my_flights"' in text
    assert '{"name":"origin","type":"string"}' in text
    assert '{"name":"temp","type":["null","double"],"default":null}' in text


def test_a_view_joins_what_exists_on_whole_keys() -> None:
    scenario = project()
    scenario.events(WEATHER)
    assert scenario.refusal(VIEW, "user:bob") == "feature-group-not-found"
    scenario.events(FLIGHTS)
    (created,) = scenario.events(VIEW, "user:bob")
    assert isinstance(created, FeatureViewCreated)
    on_nothing = replace(VIEW, joins=(replace(VIEW.joins[0], on=()),))
    assert scenario.refusal(on_nothing) == "join-not-on-key"
    assert scenario.refusal(replace(VIEW, labels=("delay",))) == "unknown-label"
    twice = replace(VIEW, joins=(*VIEW.joins, *VIEW.joins))
    assert scenario.refusal(twice) == "duplicate-column"


JOIN = VIEW.joins[0]
TIMELESS = replace(WEATHER, name="airports", event_time=None)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"root": replace(VIEW.root, features=())}, "no-features"),
        ({"root": replace(VIEW.root, features=("gate",))}, "unknown-feature"),
        ({"joins": (replace(JOIN, kind="outer"),)}, "invalid-join"),
        ({"joins": (replace(JOIN, selection=replace(JOIN.selection, group="airports")),)}, "no-event-time"),
        ({"root": GroupSelection(group="airports", version=1, features=("origin",)), "labels": ()}, "no-event-time"),
        ({"joins": (replace(JOIN, on=(KeyPair(left="gate", right="origin"),)),)}, "unknown-column"),
        ({"joins": (replace(JOIN, on=(KeyPair(left="flight", right="origin"),)),)}, "join-types-differ"),
        ({"joins": (replace(JOIN, on=(*JOIN.on, KeyPair(left="flight", right="origin"))),)}, "join-not-on-key"),
        ({"name": "de/lays"}, "invalid-name"),
        *(
            ({"joins": (replace(JOIN, selection=replace(JOIN.selection, prefix=prefix)),)}, "invalid-name")
            for prefix in ("_null_", "_key_", "a/", "../", 'a"', "a\n")
        ),
    ],
)
def test_a_view_is_refused_for(change: dict[str, object], code: str) -> None:
    scenario = project()
    for command in (WEATHER, FLIGHTS, TIMELESS):
        scenario.events(command)
    assert scenario.refusal(replace(VIEW, **change)) == code  # type: ignore[arg-type] # one or two fields each


def test_a_view_version_is_used_once() -> None:
    scenario = project()
    for command in (WEATHER, FLIGHTS, VIEW):
        scenario.events(command)
    assert scenario.refusal(replace(VIEW, version=1)) == "feature-view-exists"


def test_a_training_dataset_has_bounds_that_do_not_overlap() -> None:
    scenario = project()
    for command in (WEATHER, FLIGHTS, VIEW):
        scenario.events(command)
    train = Split(name="train", start=Micros(0), end=Micros(10))
    good = CreateTrainingDataset(
        project="flights",
        view="delays",
        view_version=1,
        splits=(train, Split(name="test", start=Micros(10), end=Micros(20))),
    )
    (requested,) = scenario.events(good, "user:bob")
    assert isinstance(requested, TrainingDatasetRequested)
    overlap = replace(good, splits=(train, Split(name="test", start=Micros(9), end=Micros(20))))
    assert scenario.refusal(overlap) == "splits-overlap"
    assert scenario.refusal(replace(good, splits=())) == "no-splits"
    for name in ("", "../train", "/train", "a\nb", "Train"):
        assert scenario.refusal(replace(good, splits=(replace(train, name=name),))) == "invalid-name"
    many = tuple(Split(name=f"s{number}", start=Micros(number), end=Micros(number + 1)) for number in range(101))
    assert scenario.refusal(replace(good, splits=many)) == "too-many-splits"
    assert scenario.refusal(replace(good, splits=(replace(train, end=Micros(0)),))) == "empty-split"
    assert scenario.refusal(replace(good, view_version=2)) == "feature-view-not-found"
