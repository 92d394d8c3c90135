"""What a group wishes to have counted: which wishes are taken, and which columns they mean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.events.scenario import project
from tests.unit.events.test_feature_group_growth import APPEND
from tests.unit.events.test_feature_groups import WEATHER

from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_statistics import (
    MOST_COUNTED,
    ConfigureStatistics,
    FeatureGroupStatisticsConfigured,
    StatisticsConfig,
)
from headrace_events.row_schema import Column

CONFIGURE = ConfigureStatistics(
    project="flights", name="weather", version=1, statistics=StatisticsConfig(columns=("temp", "gusts"))
)


@pytest.mark.parametrize("wish", [None, StatisticsConfig(columns=("temp",), correlations=True)])
def test_the_wish_is_part_of_the_group(wish: StatisticsConfig | None) -> None:
    (created,) = [
        fact for fact in project().events(replace(WEATHER, statistics=wish)) if isinstance(fact, FeatureGroupCreated)
    ]
    assert created.statistics == wish


@pytest.mark.parametrize(
    ("columns", "code"), [(("gusts",), "unknown-column"), (("temp", "origin", "temp"), "duplicate-column")]
)
def test_columns_are_those_of_the_group_and_named_once(columns: tuple[str, ...], code: str) -> None:
    assert project().refusal(replace(WEATHER, statistics=StatisticsConfig(columns=columns))) == code


def test_no_more_columns_are_counted_than_memory_has_room_for() -> None:
    more = tuple(Column(name=f"c{number}", type="double") for number in range(MOST_COUNTED + 1))
    wide = replace(WEATHER, columns=(*WEATHER.columns, *more))
    named = tuple(column.name for column in more)
    assert project().refusal(replace(wide, statistics=StatisticsConfig(columns=named))) == "too-many-columns"
    assert project().events(replace(wide, statistics=StatisticsConfig(columns=named[1:])))


def test_another_wish_may_name_columns_that_came_later() -> None:
    scenario = project()
    scenario.events(WEATHER)
    assert scenario.refusal(CONFIGURE) == "unknown-column"
    scenario.events(APPEND)
    assert scenario.events(CONFIGURE) == [
        FeatureGroupStatisticsConfigured(
            name="weather", version=1, statistics=CONFIGURE.statistics, topic="flights.features.weather.1"
        )
    ]
    assert scenario.refusal(replace(CONFIGURE, version=2)) == "feature-group-not-found"
    assert scenario.refusal(replace(CONFIGURE, name="wether")) == "feature-group-not-found"
