"""Streaming feature groups: what is declared, what is refused, and what nobody may do to them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, fold, project
from tests.unit.events.test_deleted_features import opened
from tests.unit.events.test_feature_groups import WEATHER

from headrace_events.errors import Invalid
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_group_clearing import ClearFeatureGroup
from headrace_events.feature_group_growth import AppendFeatures, NewFeature
from headrace_events.feature_group_life import DeleteFeatureGroup
from headrace_events.feature_group_streaming import CreateStreamingFeatureGroup, StreamingDeclared
from headrace_events.record_fields import flat_fields
from headrace_events.row_schema import Column
from headrace_events.streaming_windows import MOST_AGGREGATIONS, Aggregation, seconds_of
from headrace_events.subject import RegisterSchema
from headrace_events.topic import CloseTopic, CreateTopic, TopicOpened

MEAN = Aggregation(function="mean", column="temp", over="1h")
COUNT = Aggregation(function="count", over="24h")
STREAM = CreateStreamingFeatureGroup(
    project="flights",
    name="warmth",
    source="weather",
    source_version=1,
    keys=("origin",),
    aggregations=(MEAN, COUNT),
    slide="10min",
    allowed_lateness="2h",
)


@pytest.fixture
def scenario() -> Scenario:
    made = project()
    made.events(WEATHER)
    opened(made, "weather")
    return made


def test_a_streaming_group_is_a_group_and_says_what_it_is_computed_from(scenario: Scenario) -> None:
    *_, created, _, declared = scenario.events(STREAM)
    assert isinstance(created, FeatureGroupCreated)
    assert created.columns == (
        Column(name="origin", type="string"),
        Column(name="window_end", type="timestamp", description="the window holds what was before"),
        Column(name="temp_mean_1h", type="double"),
        Column(name="count_24h", type="bigint"),
    )
    assert (created.primary_key, created.event_time) == (("origin",), "window_end")
    assert declared == StreamingDeclared(
        name="warmth",
        version=1,
        topic="flights.features.warmth.1",
        source="weather",
        source_version=1,
        source_topic="flights.features.weather.1",
        keys=("origin",),
        aggregations=(MEAN, COUNT),
        slide_seconds=600,
        allowed_lateness_seconds=7200,
    )


def test_without_a_version_the_newest_one_that_is_there_is_the_source(scenario: Scenario) -> None:
    scenario.events(replace(WEATHER, version=2))
    scenario.events(replace(WEATHER, version=7))
    made = TopicOpened(name="flights.features.weather.7", topic_id="t", partitions=1, purpose="features")
    fold(scenario, "flights", made)
    scenario.events(DeleteFeatureGroup(project="flights", name="weather", version=7))
    declared = scenario.events(replace(STREAM, source_version=None, event_time=WEATHER.event_time))[-1]
    assert isinstance(declared, StreamingDeclared)
    assert (declared.source_version, declared.source_topic) == (2, "flights.features.weather.2")


@pytest.mark.parametrize(("text", "seconds"), [("1s", 1), ("10min", 600), ("24h", 86_400), ("7d", 604_800)])
def test_durations(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "0h", "-1h", "1.5h", "1 h", "1w", "1H", "\u0661h", "9999999999s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        seconds_of(text)
    assert refused.value.code == "invalid-duration"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"source": "wether"}, "feature-group-not-found"),
        ({"source_version": 2}, "feature-group-not-found"),
        ({"source": "wether", "source_version": None}, "feature-group-not-found"),
        ({"event_time": "origin"}, "not-the-event-time"),
        ({"keys": ()}, "no-primary-key"),
        ({"keys": ("airport",)}, "unknown-column"),
        ({"keys": ("temp",)}, "invalid-key-type"),
        ({"aggregations": ()}, "invalid-aggregations"),
        ({"aggregations": (MEAN,) * (MOST_AGGREGATIONS + 1)}, "invalid-aggregations"),
        ({"aggregations": (MEAN, MEAN)}, "duplicate-column"),
        ({"aggregations": (replace(MEAN, function="median"),)}, "unknown-function"),
        ({"aggregations": (replace(MEAN, column=None),)}, "no-column"),
        ({"aggregations": (replace(MEAN, column="wind"),)}, "unknown-column"),
        ({"aggregations": (replace(MEAN, column="origin"),)}, "not-a-number"),
        ({"aggregations": (replace(MEAN, over="15min"),)}, "invalid-window"),
        ({"aggregations": (replace(MEAN, over="30d"),)}, "window-too-long"),
        ({"slide": "often"}, "invalid-duration"),
        ({"allowed_lateness": "31d"}, "lateness-too-long"),
        ({"name": "Warmth"}, "invalid-name"),
        ({"version": 0}, "invalid-version"),
    ],
)
def test_a_declaration_is_refused_for(scenario: Scenario, change: dict[str, object], code: str) -> None:
    assert scenario.refusal(replace(STREAM, **change)) == code  # type: ignore[arg-type] # one field each


def test_a_source_without_event_time_is_in_no_window(scenario: Scenario) -> None:
    scenario.events(replace(WEATHER, name="timeless", event_time=None))
    assert scenario.refusal(replace(STREAM, source="timeless")) == "no-event-time"


def test_only_data_owners_declare(scenario: Scenario) -> None:
    assert scenario.refusal(STREAM, "user:bob") == "owners-only"


def test_a_streaming_group_neither_grows_nor_is_cleared(scenario: Scenario) -> None:
    scenario.events(STREAM)
    opened(scenario, "warmth")
    grow = AppendFeatures(
        project="flights", name="warmth", version=1, features=(NewFeature(name="more", type="double"),)
    )
    assert scenario.refusal(grow) == "streaming-feature-group"
    clear = ClearFeatureGroup(project="flights", name="warmth", version=1)
    assert scenario.refusal(clear) == "streaming-feature-group"


def test_a_source_is_neither_deleted_nor_cleared_while_it_is_streamed(scenario: Scenario) -> None:
    scenario.events(STREAM)
    opened(scenario, "warmth")
    delete = DeleteFeatureGroup(project="flights", name="weather", version=1)
    clear = ClearFeatureGroup(project="flights", name="weather", version=1)
    assert scenario.refusal(delete) == "feature-group-in-use"
    assert scenario.refusal(clear) == "feature-group-in-use"
    scenario.events(DeleteFeatureGroup(project="flights", name="warmth", version=1))
    scenario.events(clear)
    scenario.events(delete)


def test_a_streaming_group_may_be_the_source_of_another(scenario: Scenario) -> None:
    scenario.events(STREAM)
    of_days = replace(
        STREAM,
        name="warm_days",
        source="warmth",
        aggregations=(Aggregation(function="max", column="temp_mean_1h", over="24h"),),
    )
    declared = scenario.events(of_days)[-1]
    assert isinstance(declared, StreamingDeclared)
    assert declared.aggregations[0].name == "temp_mean_1h_max_24h"


FIELDS = [
    {"name": "origin", "type": "string"},
    {"name": "landed", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "delay", "type": ["null", "double"]},
    {"name": "crew", "type": {"type": "array", "items": "string"}},
]
LANDINGS = replace(
    STREAM,
    source="flights.topics.landings",
    source_version=None,
    event_time="landed",
    aggregations=(replace(MEAN, column="delay"), COUNT),
)


@pytest.fixture
def with_topic(scenario: Scenario) -> Scenario:
    scenario.events(CreateTopic(project="flights", name="landings"))
    made = TopicOpened(name="flights.topics.landings", topic_id="t", partitions=1, purpose="user")
    fold(scenario, "flights", made)
    schema = json.dumps({"type": "record", "name": "Landing", "fields": FIELDS})
    scenario.events(RegisterSchema(project="flights", subject="flights.topics.landings-value", schema=schema))
    return scenario


def test_a_topic_may_be_the_source_and_the_declaration_says_which_fields_are_read(with_topic: Scenario) -> None:
    declared = with_topic.events(LANDINGS)[-1]
    assert isinstance(declared, StreamingDeclared)
    assert (declared.source, declared.source_version) == ("flights.topics.landings", 0)
    assert (declared.source_topic, declared.event_time) == ("flights.topics.landings", "landed")
    assert declared.source_fields == (
        Column(name="landed", type="timestamp"),
        Column(name="origin", type="string"),
        Column(name="delay", type="double"),
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"source": "flights.topics.nothing"}, "topic-not-found"),
        ({"source": "other.topics.landings"}, "topic-not-found"),
        ({"source": "flights.features.weather.1"}, "topic-not-found"),
        ({"subject": "nothing"}, "subject-not-found"),
        ({"event_time": None}, "no-event-time"),
        ({"event_time": "origin"}, "no-event-time"),
        ({"keys": ("crew",)}, "unknown-column"),
        ({"aggregations": (replace(MEAN, column="origin"),)}, "not-a-number"),
    ],
)
def test_a_declaration_over_a_topic_is_refused_for(with_topic: Scenario, change: dict[str, object], code: str) -> None:
    assert with_topic.refusal(replace(LANDINGS, **change)) == code  # type: ignore[arg-type] # one field each


def test_a_topic_is_not_deleted_while_it_is_streamed(with_topic: Scenario) -> None:
    with_topic.events(LANDINGS)
    opened(with_topic, "warmth")
    close = CloseTopic(project="flights", topic="flights.topics.landings")
    assert with_topic.refusal(close) == "topic-in-use"
    with_topic.events(DeleteFeatureGroup(project="flights", name="warmth", version=1))
    with_topic.events(close)


@pytest.mark.parametrize(
    ("avro", "kind"),
    [
        ("long", "bigint"),
        (["null", "int"], "int"),
        (["string", "null"], "string"),
        ({"type": "string", "avro.java.string": "String"}, "string"),
        ({"type": "long", "logicalType": "timestamp-millis"}, "timestamp"),
        ({"type": "int", "logicalType": "date"}, "date"),
        ({"type": "long", "logicalType": "time-micros"}, None),
        ({"type": "string", "logicalType": "uuid"}, None),
        ({"type": "bytes", "logicalType": "decimal", "precision": 99, "scale": 2}, None),
        (["null", "int", "string"], None),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, None),
        ("Other", None),
    ],
)
def test_which_fields_of_records_are_read(avro: object, kind: str | None) -> None:
    schema = json.dumps({"type": "record", "name": "R", "fields": [{"name": "f", "type": avro}]})
    assert flat_fields(schema) == ({} if kind is None else {"f": kind})


def test_a_schema_that_is_no_records_has_no_fields() -> None:
    assert flat_fields('"string"') == {}
