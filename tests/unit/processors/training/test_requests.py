"""Which training datasets are to be made, as a fold of events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from headrace_events.envelope import Position, Recorded
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_group_life import FeatureGroupDeleted
from headrace_events.feature_view import FeatureViewCreated, GroupSelection, Join, KeyPair
from headrace_events.ids import CommandId, EventId, Micros
from headrace_events.language import Event
from headrace_events.project import ProjectClosing
from headrace_events.row_schema import Column
from headrace_events.topic import TopicOpened
from headrace_events.training_dataset import (
    Split,
    TrainingDatasetFailed,
    TrainingDatasetRecorded,
    TrainingDatasetRequested,
)
from headrace_processors.training.requests import Requests
from headrace_projections.history.errors import Impossible
from headrace_projections.rows.groups import Group


def group(name: str, project: str = "shop") -> FeatureGroupCreated:
    return FeatureGroupCreated(
        name=name,
        version=1,
        description="",
        columns=(Column(name="id", type="bigint"), Column(name="at", type="timestamp")),
        primary_key=("id",),
        event_time="at",
        online=True,
        offline=True,
        topic=f"{project}.features.{name}.1",
        subject=f"{name}_1",
        schema_id=10_000,
    )


def opened(name: str, project: str = "shop") -> TopicOpened:
    return TopicOpened(name=f"{project}.features.{name}.1", topic_id=f"id-of-{name}", partitions=1, purpose="features")


VIEW = FeatureViewCreated(
    name="sales",
    version=1,
    description="",
    root=GroupSelection(group="orders", version=1, features=("id",)),
    joins=(
        Join(
            selection=GroupSelection(group="shops", version=1, features=("at",), prefix="shop_"),
            on=(KeyPair(left="id", right="id"),),
        ),
    ),
    labels=(),
)


def requested(version: int, positions: tuple[str, ...] = ()) -> TrainingDatasetRequested:
    split = Split(name="train", start=Micros(0), end=Micros(9))
    return TrainingDatasetRequested(
        view="sales", view_version=1, version=version, splits=(split,), positions=positions, format="parquet"
    )


def recorded_in(project: str | None, number: int, event: Event) -> Recorded:
    return Recorded(
        event=event,
        id=EventId(str(number)),
        project=project,
        seq=number + 1,
        version=1,
        actor="user:ada",
        cause=CommandId("c"),
        at=Position("events", 0, number),
    )


def folded(events: Iterable[Event], project: str = "shop") -> Requests:
    requests = Requests()
    for number, event in enumerate(events):
        requests.take(recorded_in(project, number, event))
    return requests


MADE_OF = (group("orders"), opened("orders"), group("shops"), opened("shops"), VIEW)


def test_what_was_asked_for_is_open_in_order_until_it_is_recorded_or_failed() -> None:
    recorded = TrainingDatasetRecorded(view="sales", view_version=1, version=1, files=(), positions=(), hash="")
    failed = TrainingDatasetFailed(view="sales", view_version=1, version=2, reason="no")
    asked = [requested(1), requested(2), requested(3), requested(4)]
    assert [one.request.version for one in folded([*MADE_OF, *asked]).open()] == [1, 2, 3, 4]
    assert [one.request.version for one in folded([*MADE_OF, *asked, recorded, failed]).open()] == [3, 4]


def test_a_request_knows_where_it_was_made_and_its_view() -> None:
    requests = folded([*MADE_OF, requested(1)])
    (asked,) = requests.open()
    assert asked.at == Position("events", 0, 5)
    assert requests.view(asked) == VIEW


def test_the_groups_come_in_the_order_of_the_view_once_all_their_topics_are_open() -> None:
    requests = folded([group("shops"), group("orders"), opened("orders"), VIEW, requested(1)])
    (asked,) = requests.open()
    assert requests.groups(asked) is None
    requests = folded([group("shops"), opened("shops"), group("orders"), opened("orders"), VIEW, requested(1)])
    groups = requests.groups(asked)
    assert groups is not None
    assert [one.topic_id for one in groups if isinstance(one, Group)] == ["id-of-orders", "id-of-shops"]


def test_a_view_of_the_same_name_in_another_project_is_another_view() -> None:
    requests = folded([*MADE_OF, requested(1)])
    other = folded([requested(1)], project="rival")
    (asked,) = other.open()
    assert asked.project == "rival"
    assert requests.open()[0].project == "shop"


def test_a_group_that_another_project_shares_is_that_projects_until_it_is_gone() -> None:
    join = replace(VIEW.joins[0], selection=replace(VIEW.joins[0].selection, project="streets"))
    borrowing = replace(VIEW, joins=(join,))
    requests = folded([group("orders"), opened("orders"), borrowing, requested(1)])
    (asked,) = requests.open()
    assert requests.groups(asked) is None
    for number, event in enumerate((group("shops", "streets"), opened("shops", "streets"))):
        requests.take(recorded_in("streets", number, event))
    groups = requests.groups(asked)
    assert groups is not None
    assert [one.project for one in groups if isinstance(one, Group)] == ["shop", "streets"]
    requests.take(recorded_in(None, 2, ProjectClosing(project="streets")))
    with pytest.raises(Impossible, match="shared by project 'streets', which is deleted"):
        requests.groups(asked)


def test_a_group_that_is_deleted_cannot_be_waited_for() -> None:
    requests = folded([*MADE_OF, requested(1)])
    (asked,) = requests.open()
    gone = FeatureGroupDeleted(name="shops", version=1, topic="shop.features.shops.1")
    requests.take(recorded_in("shop", 9, gone))
    with pytest.raises(Impossible, match="feature group 'shops' of project 'shop' is deleted"):
        requests.groups(asked)
