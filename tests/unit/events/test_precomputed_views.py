"""Vectors of a view are kept ready where every group that gives features has the root's key."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, project
from tests.unit.events.test_borrowed_features import BORROWING, GROUP, climate, share
from tests.unit.events.test_feature_groups import FLIGHTS, VIEW, WEATHER

from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.feature_view import CreateFeatureView, FeatureView, GroupSelection, Join, KeyPair
from headrace_events.feature_view_life import DeleteFeatureView
from headrace_events.feature_view_precomputing import (
    MOST_PARTS,
    FeatureViewPrecomputed,
    FeatureViewPrecomputingStopped,
    PrecomputeFeatureView,
    StopPrecomputingFeatureView,
    VectorPart,
)
from headrace_events.row_schema import Column
from headrace_processors.commands.handle import Refused
from headrace_schemas.records import from_record, to_record

KEPT = PrecomputeFeatureView(project="flights", name="delays", version=1)
NO_MORE = StopPrecomputingFeatureView(project="flights", name="delays", version=1)
SEATS = CreateFeatureGroup(
    project="flights",
    name="seats",
    columns=(
        Column(name="number", type="int"),
        Column(name="at", type="timestamp"),
        Column(name="sold", type="int"),
        Column(name="note", type="string"),
    ),
    primary_key=("number",),
    event_time="at",
)
SAME_ENTITY = replace(
    VIEW,
    joins=(
        Join(
            selection=GroupSelection(group="seats", version=1, features=("sold", "note"), prefix="seats_"),
            on=(KeyPair(left="flight", right="number"),),
        ),
    ),
    inference_helpers=("seats_note",),
)


def having(*wishes: CreateFeatureGroup | CreateFeatureView) -> Scenario:
    scenario = project()
    for wish in (FLIGHTS, *wishes):
        scenario.events(wish)
    return scenario


def test_a_vector_has_what_a_model_sees_of_every_group() -> None:
    scenario = having(SEATS, SAME_ENTITY)
    parts = (
        VectorPart(group="flights", version=1, features=("flight",)),
        VectorPart(group="seats", version=1, features=("sold",)),
    )
    assert scenario.events(KEPT) == [FeatureViewPrecomputed(name="delays", version=1, parts=parts)]


def test_a_group_of_which_a_model_sees_nothing_is_no_part() -> None:
    scenario = having(SEATS, replace(SAME_ENTITY, inference_helpers=("seats_note", "seats_sold")))
    (kept,) = scenario.events(KEPT)
    assert isinstance(kept, FeatureViewPrecomputed)
    assert [part.group for part in kept.parts] == ["flights"]


def test_a_label_of_another_entity_is_in_nobodys_way() -> None:
    scenario = having(WEATHER, replace(VIEW, labels=("late", "temp")))
    (kept,) = scenario.events(KEPT)
    assert isinstance(kept, FeatureViewPrecomputed)
    assert [part.group for part in kept.parts] == ["flights"]


def test_what_is_asked_for_twice_happens_once_and_can_be_stopped() -> None:
    scenario = having(SEATS, SAME_ENTITY)
    assert scenario.events(NO_MORE) == []
    first = scenario.events(KEPT)
    assert scenario.events(KEPT) == []
    assert scenario.events(NO_MORE) == [FeatureViewPrecomputingStopped(name="delays", version=1)]
    assert scenario.events(NO_MORE) == []
    assert scenario.events(KEPT) == first
    state = scenario.world.state(FeatureView, "flights", "delays")
    assert state is not None
    assert state.precomputed == (1,)
    assert from_record(FeatureView, to_record(state)) == state


def test_a_deleted_view_is_kept_ready_no_more() -> None:
    scenario = having(SEATS, SAME_ENTITY)
    scenario.events(KEPT)
    scenario.events(DeleteFeatureView(project="flights", name="delays", version=1))
    assert scenario.refusal(KEPT) == "feature-view-not-found"
    assert scenario.refusal(NO_MORE) == "feature-view-not-found"
    state = scenario.world.state(FeatureView, "flights", "delays")
    assert state is not None
    assert state.precomputed == ()


def test_only_owners_let_rows_be_written_twice() -> None:
    scenario = having(SEATS, SAME_ENTITY)
    assert scenario.refusal(KEPT, "user:bob") == "owners-only"
    assert scenario.refusal(NO_MORE, "user:bob") == "owners-only"
    assert scenario.refusal(KEPT, "user:eve") == "project-not-found"


PAIRS = replace(SEATS, name="pairs", primary_key=("number", "note"))
TWO_KEYS = replace(FLIGHTS, name="legs", primary_key=("flight", "origin"))


def legs(*on: str) -> CreateFeatureView:
    """Legs, whose key is (flight, origin), joined with pairs by these columns for (number, note)."""
    pairs = tuple(KeyPair(left=left, right=right) for left, right in zip(on, ("number", "note"), strict=True))
    return replace(
        VIEW,
        root=GroupSelection(group="legs", version=1, features=("late",)),
        joins=(Join(selection=GroupSelection(group="pairs", version=1, features=("sold",)), on=pairs),),
        labels=(),
    )


def test_a_key_of_several_columns_is_the_same_key_in_its_order() -> None:
    scenario = having(PAIRS, TWO_KEYS, legs("flight", "origin"))
    assert scenario.events(KEPT)
    swapped = replace(PAIRS, primary_key=("note", "number"))
    scenario = having(swapped, TWO_KEYS, legs("flight", "origin"))
    assert scenario.refusal(KEPT) == "not-precomputable"


MANY = replace(
    SAME_ENTITY,
    joins=tuple(
        replace(SAME_ENTITY.joins[0], selection=replace(SAME_ENTITY.joins[0].selection, prefix=f"s{number}_"))
        for number in range(MOST_PARTS)
    ),
    inference_helpers=(),
)


@pytest.mark.parametrize(
    ("groups", "view"),
    [
        ((WEATHER,), VIEW),
        ((replace(SEATS, online=False),), SAME_ENTITY),
        ((SEATS,), replace(VIEW, joins=(), labels=("flight", "late"))),
        ((SEATS,), MANY),
    ],
    ids=["joined by another column", "not online", "nothing that a model sees", "too many groups"],
)
def test_what_cannot_be_kept_ready_is_refused(groups: tuple[CreateFeatureGroup, ...], view: CreateFeatureView) -> None:
    assert having(*groups, view).refusal(KEPT) == "not-precomputable"


def test_what_another_project_may_take_back_is_not_kept_ready() -> None:
    scenario = climate()
    share(scenario, GROUP)
    scenario.events(BORROWING)
    outcome = scenario.when(replace(KEPT, name=BORROWING.name))
    assert isinstance(outcome, Refused)
    assert outcome.refusal.code == "not-precomputable"
    assert outcome.refusal.message.startswith("'weather' version 1 is project 'climate''s, which may take it back")
