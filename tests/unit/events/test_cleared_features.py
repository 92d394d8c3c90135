"""Feature groups that are cleared: a line in the log, drawn once for each request."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario
from tests.unit.events.test_borrowed_features import BORROWING, EVE, GROUP, climate, share
from tests.unit.events.test_deleted_features import GONE, MADE, MAKER, TRAIN, flights, opened
from tests.unit.events.test_feature_groups import VIEW, WEATHER

from headrace_events.feature_group import FeatureGroup
from headrace_events.feature_group_clearing import (
    ClearFeatureGroup,
    FeatureGroupCleared,
    FeatureGroupClearRequested,
    RecordFeatureGroupCleared,
    fence,
)
from headrace_schemas.records import from_record, to_record

CLEAR = ClearFeatureGroup(project="flights", name="weather", version=1)
TOPIC = "flights.features.weather.1"
DONE = RecordFeatureGroupCleared(project="flights", name="weather", version=1, request=1, positions=("id:0:7",))
PROVISIONING = "system:provisioning"


def test_a_group_is_cleared_once_provisioning_has_said_where_its_topic_ends() -> None:
    scenario = flights()
    assert scenario.events(CLEAR) == [FeatureGroupClearRequested(name="weather", version=1, topic=TOPIC, request=1)]
    assert scenario.events(DONE, PROVISIONING) == [
        FeatureGroupCleared(name="weather", version=1, topic=TOPIC, request=1, positions=("id:0:7",))
    ]
    assert scenario.refusal(DONE, PROVISIONING) == "not-awaited"


def test_each_request_counts_and_a_later_line_answers_the_earlier_ones_too() -> None:
    scenario = flights()
    scenario.events(CLEAR)
    (second,) = scenario.events(CLEAR)
    assert isinstance(second, FeatureGroupClearRequested)
    assert second.request == 2
    assert scenario.refusal(replace(DONE, request=3), PROVISIONING) == "not-awaited"
    scenario.events(replace(DONE, request=2), PROVISIONING)
    assert scenario.refusal(DONE, PROVISIONING) == "not-awaited"
    state = scenario.world.state(FeatureGroup, "flights", "weather")
    assert state is not None
    assert from_record(FeatureGroup, to_record(state)) == state


@pytest.mark.parametrize("actor", ["user:ada", "system:online"])
def test_nobody_else_says_where_the_line_is(actor: str) -> None:
    scenario = flights()
    scenario.events(CLEAR)
    assert scenario.refusal(DONE, actor) == "not-yours-to-send"


def test_only_owners_clear_and_only_what_is_there_and_takes_rows() -> None:
    scenario = flights()
    assert scenario.refusal(CLEAR, "user:bob") == "owners-only"
    assert scenario.refusal(replace(CLEAR, version=2)) == "feature-group-not-found"
    scenario.events(WEATHER)
    assert scenario.refusal(replace(CLEAR, version=2)) == "topic-not-ready"
    scenario.events(CLEAR)
    scenario.events(GONE)
    assert scenario.refusal(CLEAR) == "feature-group-not-found"
    assert scenario.refusal(DONE, PROVISIONING) == "feature-group-not-found"


def training() -> Scenario:
    scenario = flights()
    scenario.events(VIEW)
    scenario.events(TRAIN)
    return scenario


def test_a_group_is_not_cleared_from_under_a_dataset_in_the_making() -> None:
    scenario = training()
    assert scenario.refusal(CLEAR) == "feature-group-in-use"
    scenario.events(MADE, MAKER)
    scenario.events(CLEAR)


def test_no_dataset_is_made_of_a_group_that_is_being_cleared() -> None:
    scenario = flights()
    scenario.events(VIEW)
    scenario.events(CLEAR)
    assert scenario.refusal(TRAIN) == "feature-group-clearing"
    scenario.events(DONE, PROVISIONING)
    scenario.events(TRAIN)


def test_both_hold_for_a_group_that_another_project_shares() -> None:
    scenario = climate()
    opened(scenario, "weather", "climate")
    share(scenario, GROUP)
    scenario.events(BORROWING)
    scenario.events(TRAIN)
    clear, done = replace(CLEAR, project="climate"), replace(DONE, project="climate")
    assert scenario.refusal(clear, EVE) == "feature-group-in-use"
    scenario.events(MADE, MAKER)
    scenario.events(clear, EVE)
    assert scenario.refusal(TRAIN) == "feature-group-clearing"
    scenario.events(done, PROVISIONING)
    scenario.events(TRAIN)


@pytest.mark.parametrize(
    "positions",
    [("id:1:7",), ("id:0:7", "id:0:8"), ("id:0:7", "other:1:8"), ("id:0",), ("id:0:x",), ("id:0:7", "id:2:7")],
)
def test_a_line_that_leaves_partitions_out_is_none(positions: tuple[str, ...]) -> None:
    scenario = flights()
    scenario.events(CLEAR)
    assert scenario.refusal(replace(DONE, positions=positions), PROVISIONING) == "invalid-position"


def test_the_line_is_by_partition_whatever_the_order_of_the_positions() -> None:
    assert fence(("id:1:70", "id:0:7", "id:2:0")) == (7, 70, 0)
    assert fence(()) == ()
