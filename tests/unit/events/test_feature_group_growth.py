"""Columns that come later: what is taken, what is refused, and what the schemas of the rows say then."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, project
from tests.unit.events.test_feature_groups import FLIGHTS, VIEW, WEATHER

from headrace_events.feature_group_growth import AppendFeatures, FeatureGroupFeaturesAppended, NewFeature
from headrace_events.feature_view import FeatureViewCreated
from headrace_events.row_schema import MOST_COLUMNS, Appended
from headrace_events.schema import SchemaRegistered
from headrace_events.subject import Mode, SetMode, SubjectVersionRegistered

GUSTS = NewFeature(name="gusts", type="double", default="0.5")
RAIN = NewFeature(name="rain", type="string", description="in words")
APPEND = AppendFeatures(project="flights", name="weather", version=1, features=(GUSTS, RAIN))


@pytest.fixture
def scenario() -> Scenario:
    made = project()
    made.events(WEATHER)
    return made


def test_an_append_brings_the_next_version_of_the_groups_subject(scenario: Scenario) -> None:
    schema, subject, grown = scenario.events(APPEND)
    assert isinstance(schema, SchemaRegistered)
    topic = "flights.features.weather.1"
    assert subject == SubjectVersionRegistered(subject="weather_1", version=2, schema_id=schema.schema_id, topic=topic)
    assert grown == FeatureGroupFeaturesAppended(
        name="weather",
        version=1,
        features=(
            Appended(name="gusts", type="double", default="0.5"),
            Appended(name="rain", type="string", description="in words"),
        ),
        topic=topic,
        schema_id=schema.schema_id,
    )
    assert [field["name"] for field in json.loads(schema.schema)["fields"]] == [
        "origin",
        "time_hour",
        "temp",
        "gusts",
        "rain",
    ]


@pytest.mark.parametrize(
    ("kind", "default", "field"),
    [
        ("string", None, {"type": ["null", "string"], "default": None}),
        ("string", "null", {"type": ["null", "string"], "default": None}),
        ("string", '"näh"', {"type": ["string", "null"], "default": "näh"}),
        ("boolean", "true", {"type": ["boolean", "null"], "default": True}),
        ("int", "-2147483648", {"type": ["int", "null"], "default": -(2**31)}),
        ("bigint", "9223372036854775807", {"type": ["long", "null"], "default": 2**63 - 1}),
        ("double", "2", {"type": ["double", "null"], "default": 2.0}),
        ("binary", '"/wA="', {"type": ["bytes", "null"], "default": "\xff\0"}),
    ],
)
def test_a_default_is_the_first_branch_of_its_union(
    scenario: Scenario, kind: str, default: str | None, field: dict[str, object]
) -> None:
    one = NewFeature(name="more", type=kind, default=default)
    schema = scenario.events(replace(APPEND, features=(one,)))[0]
    assert isinstance(schema, SchemaRegistered)
    assert json.loads(schema.schema)["fields"][-1] == {"name": "more", **field}


@pytest.mark.parametrize(
    ("kind", "default", "held"),
    [
        ("date", '"1969-12-31"', -1),
        ("timestamp", '"1970-01-01T02:00:00.000001+02:00"', 1),
        ("timestamp", '"1970-01-02"', 86_400_000_000),
    ],
)
def test_a_default_of_time_is_counted_from_1970_utc(scenario: Scenario, kind: str, default: str, held: int) -> None:
    one = NewFeature(name="more", type=kind, default=default)
    schema = scenario.events(replace(APPEND, features=(one,)))[0]
    assert isinstance(schema, SchemaRegistered)
    assert json.loads(schema.schema)["fields"][-1]["default"] == held


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"features": ()}, "no-features"),
        ({"features": (replace(GUSTS, name="temp"),)}, "column-exists"),
        ({"features": (GUSTS, GUSTS)}, "column-exists"),
        ({"features": (replace(GUSTS, name="origin"),)}, "column-exists"),
        ({"features": (replace(GUSTS, name="Gusts"),)}, "invalid-name"),
        ({"features": (replace(GUSTS, type="number"),)}, "unknown-type"),
        ({"features": (replace(GUSTS, required=True),)}, "required-column"),
        ({"features": (replace(GUSTS, default='"strong"'),)}, "invalid-default"),
        ({"features": (replace(GUSTS, default="NaN"),)}, "invalid-default"),
        ({"features": (replace(GUSTS, default="[" * 100_000),)}, "invalid-default"),
        ({"features": (replace(GUSTS, type="int", default="true"),)}, "invalid-default"),
        ({"features": (replace(GUSTS, type="int", default="2147483648"),)}, "invalid-default"),
        ({"features": (replace(GUSTS, type="float", default="1e39"),)}, "invalid-default"),
        ({"features": (replace(GUSTS, type="binary", default='"ä"'),)}, "invalid-default"),
        ({"features": (replace(GUSTS, type="date", default='"2013-02-30"'),)}, "invalid-default"),
        ({"features": (replace(GUSTS, type="string", default='"\\ud800"'),)}, "invalid-default"),
        ({"version": 2}, "feature-group-not-found"),
        ({"name": "wether"}, "feature-group-not-found"),
    ],
)
def test_an_append_is_refused_for(scenario: Scenario, change: dict[str, object], code: str) -> None:
    assert scenario.refusal(replace(APPEND, **change)) == code  # type: ignore[arg-type] # one field each


def test_a_group_has_an_end(scenario: Scenario) -> None:
    many = tuple(NewFeature(name=f"f{number}", type="int") for number in range(MOST_COLUMNS - 2))
    assert scenario.refusal(replace(APPEND, features=many)) == "too-many-columns"


def test_only_data_owners_append(scenario: Scenario) -> None:
    assert scenario.refusal(APPEND, "user:bob") == "owners-only"
    assert scenario.refusal(APPEND, "user:eve") == "project-not-found"


def test_nothing_is_appended_while_the_subject_is_read_only(scenario: Scenario) -> None:
    scenario.events(SetMode(project="flights", subject="weather_1", mode=Mode.READONLY))
    assert scenario.refusal(APPEND) == "subject-read-only"


def test_a_second_append_builds_on_the_first(scenario: Scenario) -> None:
    scenario.events(replace(APPEND, features=(GUSTS,)))
    schema = scenario.events(replace(APPEND, features=(RAIN,)))[0]
    assert isinstance(schema, SchemaRegistered)
    assert [field["name"] for field in json.loads(schema.schema)["fields"]][-2:] == ["gusts", "rain"]
    assert scenario.refusal(APPEND) == "column-exists"


def test_a_view_can_select_what_came_later_and_only_then(scenario: Scenario) -> None:
    scenario.events(FLIGHTS)
    (join,) = VIEW.joins
    wider = replace(VIEW, joins=(replace(join, selection=replace(join.selection, features=("gusts",))),))
    assert scenario.refusal(wider) == "unknown-feature"
    scenario.events(APPEND)
    (created,) = scenario.events(wider)
    assert isinstance(created, FeatureViewCreated)
