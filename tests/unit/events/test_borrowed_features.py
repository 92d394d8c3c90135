"""Feature views that take features from groups of other projects: as long as these share them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, fold, project
from tests.unit.events.test_feature_groups import FLIGHTS, VIEW, WEATHER

from headrace_events.feature_view import FeatureView, FeatureViewCreated, GroupSelection
from headrace_events.ids import Micros
from headrace_events.language import Command
from headrace_events.member import MemberAdded
from headrace_events.project import DeleteProject, MarkSensitive, ProjectReady, ProjectRequested
from headrace_events.roles import Role
from headrace_events.share import AcceptShare, OfferShare, RevokeShare
from headrace_events.shared import Shareable
from headrace_events.training_dataset import (
    CreateTrainingDataset,
    RecordTrainingDataset,
    RecordTrainingDatasetFailure,
    Split,
    TrainingDatasetFailed,
    TrainingDatasetRequested,
)
from headrace_schemas.records import from_record, to_record

WEATHER_OF_OTHERS = replace(VIEW.joins[0], selection=replace(VIEW.joins[0].selection, project="climate"))
BORROWING = replace(VIEW, joins=(WEATHER_OF_OTHERS,))
GROUP = OfferShare(project="climate", receiver="flights", what=Shareable.FEATURE_GROUP, name="weather", version=1)
STORE = OfferShare(project="climate", receiver="flights", what=Shareable.FEATURE_STORE)
TRAIN = CreateTrainingDataset(
    project="flights",
    view="delays",
    view_version=1,
    splits=(Split(name="train", start=Micros(0), end=Micros(10)),),
)
MADE = RecordTrainingDataset(
    project="flights", view="delays", view_version=1, version=1, files=(), positions=(), hash="h"
)
NOT_MADE = RecordTrainingDatasetFailure(
    project="flights", view="delays", view_version=1, version=1, reason="not shared any more"
)
MAKER = "system:training-datasets"
EVE = "user:eve"


def climate() -> Scenario:
    """Ada's flights with a group of its own, and eve's climate, whose weather nobody shares yet."""
    scenario = project()
    fold(scenario, None, ProjectRequested(project="climate", owner="eve"))
    fold(scenario, None, ProjectReady(project="climate", topics=()))
    fold(scenario, "climate", MemberAdded(user="eve", role=Role.DATA_OWNER))
    scenario.events(FLIGHTS)
    scenario.events(replace(WEATHER, project="climate"), EVE)
    return scenario


def share(scenario: Scenario, offer: OfferShare) -> None:
    scenario.events(offer, EVE)
    scenario.events(AcceptShare(project="flights", share=offer.key))


@pytest.mark.parametrize("offer", [GROUP, STORE])
def test_a_view_takes_features_of_a_group_once_its_share_is_accepted(offer: OfferShare) -> None:
    scenario = climate()
    assert scenario.refusal(BORROWING) == "shared-feature-group-not-found"
    scenario.events(offer, EVE)
    assert scenario.refusal(BORROWING) == "shared-feature-group-not-found"
    scenario.events(AcceptShare(project="flights", share=offer.key))
    (created,) = scenario.events(BORROWING, "user:bob")
    assert isinstance(created, FeatureViewCreated)
    assert created.joins == (WEATHER_OF_OTHERS,)


def test_a_borrowed_group_can_be_the_root() -> None:
    scenario = climate()
    share(scenario, STORE)
    root = GroupSelection(group="weather", version=1, features=("origin", "temp"), project="climate")
    (created,) = scenario.events(replace(VIEW, root=root, joins=(), labels=()))
    assert isinstance(created, FeatureViewCreated)


def test_what_is_the_projects_own_is_nobodys_to_share() -> None:
    scenario = climate()
    scenario.events(WEATHER)
    named = replace(VIEW, root=replace(VIEW.root, project="flights"))
    (created,) = scenario.events(named)
    assert isinstance(created, FeatureViewCreated)
    assert created.root == VIEW.root


def test_what_the_shared_group_lacks_is_refused_as_in_ones_own() -> None:
    scenario = climate()
    share(scenario, STORE)
    selection = WEATHER_OF_OTHERS.selection
    for change, code in (
        ({"features": ("gale",)}, "unknown-feature"),
        ({"version": 2}, "feature-group-not-found"),
        ({"project": "nobody"}, "shared-feature-group-not-found"),
    ):
        join = replace(WEATHER_OF_OTHERS, selection=replace(selection, **change))
        assert scenario.refusal(replace(BORROWING, joins=(join,))) == code


def test_no_training_data_is_made_of_what_is_not_shared_any_more() -> None:
    scenario = climate()
    for offer in (GROUP, STORE):
        share(scenario, offer)
    scenario.events(BORROWING)
    for offer in (GROUP, STORE):
        (requested,) = scenario.events(TRAIN)
        assert isinstance(requested, TrainingDatasetRequested)
        scenario.events(RevokeShare(project="climate", share=offer.key), EVE)
    assert scenario.refusal(TRAIN) == "shared-feature-group-not-found"
    assert scenario.refusal(replace(BORROWING, name="other")) == "shared-feature-group-not-found"


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (RevokeShare(project="climate", share=GROUP.key), "shared-feature-group-not-found"),
        (MarkSensitive(project="climate"), "project-sensitive"),
    ],
)
def test_what_was_asked_for_before_is_not_recorded_once_its_share_has_ended_or_rests(
    ending: Command, code: str
) -> None:
    scenario = climate()
    share(scenario, GROUP)
    scenario.events(BORROWING)
    scenario.events(TRAIN)
    scenario.events(ending, EVE)
    assert scenario.refusal(MADE, MAKER) == code
    (failed,) = scenario.events(NOT_MADE, MAKER)
    assert isinstance(failed, TrainingDatasetFailed)


def test_nothing_is_made_of_what_a_closing_project_shared() -> None:
    scenario = climate()
    share(scenario, GROUP)
    scenario.events(BORROWING)
    scenario.events(DeleteProject(project="climate"), EVE)
    assert scenario.refusal(TRAIN) == "shared-feature-group-not-found"


def test_another_version_of_the_view_borrows_for_itself() -> None:
    scenario = climate()
    share(scenario, GROUP)
    scenario.events(BORROWING)
    scenario.events(WEATHER)
    scenario.events(VIEW)
    scenario.events(RevokeShare(project="climate", share=GROUP.key), EVE)
    assert scenario.refusal(TRAIN) == "shared-feature-group-not-found"
    (requested,) = scenario.events(replace(TRAIN, view_version=2))
    assert isinstance(requested, TrainingDatasetRequested)


def test_a_view_is_the_same_after_its_snapshot_and_those_from_before_borrow_nothing() -> None:
    scenario = climate()
    share(scenario, GROUP)
    scenario.events(BORROWING)
    view = scenario.world.state(FeatureView, "flights", "delays")
    assert view is not None
    assert from_record(FeatureView, to_record(view)) == view
    assert from_record(FeatureView, {"versions": {"1": ["late"]}}) == FeatureView(versions={"1": ("late",)})
