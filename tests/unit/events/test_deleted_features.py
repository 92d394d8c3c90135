"""Feature groups and views that are deleted: not from under anybody, and never to come back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, fold, project
from tests.unit.events.test_borrowed_features import BORROWING, EVE, GROUP, STORE, climate, share
from tests.unit.events.test_feature_groups import FLIGHTS, VIEW, WEATHER

from headrace_events.deployment import CreateDeployment
from headrace_events.feature_group import FeatureGroup
from headrace_events.feature_group_life import DeleteFeatureGroup, FeatureGroupDeleted
from headrace_events.feature_view import FeatureView
from headrace_events.feature_view_life import DeleteFeatureView, FeatureViewDeleted
from headrace_events.ids import Micros
from headrace_events.model import CreateModelVersion, TrainedOn
from headrace_events.quota import Quota
from headrace_events.quota_setting import SetQuota
from headrace_events.share import OfferShare, RevokeShare
from headrace_events.subject import SubjectVersionDeleted
from headrace_events.topic import TopicClosed, TopicOpened
from headrace_events.training_dataset import (
    CreateTrainingDataset,
    RecordTrainingDataset,
    RecordTrainingDatasetFailure,
    Split,
)
from headrace_processors.commands.handle import Refused
from headrace_processors.commands.world import World
from headrace_schemas.records import from_record, to_record

GONE = DeleteFeatureGroup(project="flights", name="weather", version=1)
VIEW_GONE = DeleteFeatureView(project="flights", name="delays", version=1)
TRAIN = CreateTrainingDataset(
    project="flights",
    view="delays",
    view_version=1,
    splits=(Split(name="train", start=Micros(0), end=Micros(10)),),
)
MAKER = "system:training-datasets"
MADE = RecordTrainingDataset(
    project="flights", view="delays", view_version=1, version=1, files=(), positions=(), hash="h"
)
MODEL = CreateModelVersion(
    project="flights",
    name="late",
    framework="sklearn",
    artifact="0" * 64,
    metrics={},
    inputs=(),
    trained_on=TrainedOn(view="delays", view_version=1, version=1),
)


def opened(scenario: Scenario, name: str, where: str = "flights") -> None:
    fold(
        scenario, where, TopicOpened(name=f"{where}.features.{name}.1", topic_id="t", partitions=1, purpose="features")
    )


def flights() -> Scenario:
    """The project with both groups of the view, whose topics take rows."""
    scenario = project()
    for wish in (WEATHER, FLIGHTS):
        scenario.events(wish)
        opened(scenario, wish.name)
    return scenario


def users(scenario: Scenario, wish: DeleteFeatureGroup | DeleteFeatureView, actor: str = "user:ada") -> str:
    """Whom the refusal names."""
    outcome = scenario.when(wish, actor)
    assert isinstance(outcome, Refused), outcome
    assert outcome.refusal.code.endswith("-in-use")
    return outcome.refusal.details["used_by"]


def test_a_deleted_version_goes_with_its_topic_and_its_schema() -> None:
    scenario = flights()
    assert scenario.events(GONE) == [
        FeatureGroupDeleted(name="weather", version=1, topic="flights.features.weather.1"),
        TopicClosed(name="flights.features.weather.1"),
        SubjectVersionDeleted(subject="weather_1", version=1),
    ]
    assert scenario.refusal(GONE) == "feature-group-not-found"
    assert scenario.refusal(VIEW) == "feature-group-not-found"
    offer = OfferShare(project="flights", receiver="flights-two", what=GROUP.what, name="weather", version=1)
    assert scenario.refusal(offer) == "feature-group-not-found"


def test_name_and_version_of_what_was_deleted_are_never_used_again() -> None:
    scenario = flights()
    scenario.events(GONE)
    assert scenario.refusal(replace(WEATHER, version=1)) == "feature-group-exists"
    scenario.events(WEATHER)
    state = scenario.world.state(FeatureGroup, "flights", "weather")
    assert state is not None
    assert state.version(1) is None
    assert state.version(2) is not None
    assert from_record(FeatureGroup, to_record(state)) == state


def test_a_group_whose_topic_is_still_being_made_cannot_be_deleted() -> None:
    scenario = project()
    scenario.events(WEATHER)
    assert scenario.refusal(GONE) == "topic-not-ready"


def test_only_owners_delete_a_group_and_every_member_a_view() -> None:
    scenario = flights()
    scenario.events(VIEW)
    assert scenario.refusal(GONE, "user:bob") == "owners-only"
    assert scenario.refusal(VIEW_GONE, "user:eve") == "project-not-found"
    assert scenario.events(VIEW_GONE, "user:bob") == [FeatureViewDeleted(name="delays", version=1)]


def test_the_quota_is_given_back() -> None:
    scenario = flights()
    for quota, used in ((Quota.FEATURE_GROUPS, 2), (Quota.TOPICS, 2), (Quota.PARTITIONS, 2)):
        assert scenario.world.used("flights", quota) == used
        scenario.events(SetQuota(project="flights", quota=quota.value, limit=2), "user:root-admin")
    assert scenario.refusal(replace(WEATHER, name="wind")) == "quota-exceeded"
    scenario.events(GONE)
    scenario.events(replace(WEATHER, name="wind"))


def test_a_group_is_not_deleted_from_under_a_view_and_what_is_made_of_it() -> None:
    scenario = flights()
    scenario.events(VIEW)
    assert users(scenario, GONE) == "feature view delays version 1"
    scenario.events(TRAIN)
    assert users(scenario, GONE) == "feature view delays version 1, training dataset 1 of delays version 1"
    failed = RecordTrainingDatasetFailure(project="flights", view="delays", view_version=1, version=1, reason="no rows")
    scenario.events(failed, MAKER)
    scenario.events(VIEW_GONE)
    scenario.events(GONE)


def test_another_version_of_the_group_is_in_nobodys_way() -> None:
    scenario = flights()
    scenario.events(VIEW)
    scenario.events(WEATHER)
    fold(
        scenario,
        "flights",
        TopicOpened(name="flights.features.weather.2", topic_id="t", partitions=1, purpose="features"),
    )
    scenario.events(replace(GONE, version=2))


def test_a_group_is_not_deleted_while_another_project_has_accepted_it() -> None:
    scenario = climate()
    opened(scenario, "weather", "climate")
    gone = replace(GONE, project="climate")
    share(scenario, GROUP)
    assert users(scenario, gone, EVE) == "the share with flights"
    scenario.events(RevokeShare(project="climate", share=GROUP.key), EVE)
    scenario.events(gone, EVE)


def test_a_shared_store_holds_a_group_only_where_a_view_reads_it() -> None:
    scenario = climate()
    opened(scenario, "weather", "climate")
    share(scenario, STORE)
    scenario.events(BORROWING)
    gone = replace(GONE, project="climate")
    assert users(scenario, gone, EVE) == "feature views of flights, with which the whole feature store is shared"
    scenario.events(VIEW_GONE)
    scenario.events(gone, EVE)


def test_a_view_is_not_deleted_from_under_its_datasets_models_and_deployments() -> None:
    scenario = flights()
    scenario.events(VIEW)
    scenario.events(TRAIN)
    assert users(scenario, VIEW_GONE) == "training dataset 1 of delays version 1"
    scenario.events(MADE, MAKER)
    scenario.events(MODEL)
    scenario.events(CreateDeployment(project="flights", name="late", model="late", model_version=1))
    named = "deployment late, model late version 1, training dataset 1 of delays version 1"
    assert users(scenario, VIEW_GONE) == named


def test_a_deleted_view_is_not_trained_on_and_its_version_not_used_again() -> None:
    scenario = flights()
    scenario.events(VIEW)
    scenario.events(VIEW_GONE)
    assert scenario.refusal(VIEW_GONE) == "feature-view-not-found"
    assert scenario.refusal(TRAIN) == "feature-view-not-found"
    assert scenario.refusal(replace(VIEW, version=1)) == "feature-view-exists"
    state = scenario.world.state(FeatureView, "flights", "delays")
    assert state is not None
    assert from_record(FeatureView, to_record(state)) == state


def test_a_refusal_names_ten_users_and_counts_the_others() -> None:
    scenario = flights()
    for number in range(12):
        scenario.events(replace(VIEW, name=f"view_{number:02}"))
    outcome = scenario.when(GONE)
    assert isinstance(outcome, Refused)
    assert outcome.refusal.details["users"] == "12"
    assert "view_09" in outcome.refusal.message
    assert "view_10" not in outcome.refusal.message
    assert "and 2 more" in outcome.refusal.message


@pytest.mark.parametrize("scope", ["flights", None])
def test_the_aggregates_of_a_kind_are_those_that_are_held(scope: str | None) -> None:
    world: World = flights().world
    for kind in {key.kind for key in world.aggregates}:
        held = {key.key for key in world.aggregates if (key.kind, key.scope) == (kind, scope)}
        assert set(world.keys.get((kind, scope), ())) == held
