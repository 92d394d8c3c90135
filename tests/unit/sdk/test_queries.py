"""Queries that views are made of."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from headrace._columns import Feature
from headrace._errors import Invalid
from headrace._query import Selectable


@dataclass
class Group(Selectable):
    """A group as a query sees it."""

    name: str
    columns: dict[str, str]
    primary_key: tuple[str, ...]
    event_time: str | None = "at"
    version: int = 1

    @property
    def features(self) -> list[Feature]:
        """All columns."""
        return [Feature(name, kind) for name, kind in self.columns.items()]


FLIGHTS = Group("flights", {"id": "bigint", "at": "timestamp", "origin": "string", "dest": "string"}, ("id",))
WEATHER = Group("weather", {"origin": "string", "at": "timestamp", "wind": "double"}, ("origin",))


def test_a_selection_names_features_of_the_group() -> None:
    assert FLIGHTS.select(["dest", Feature("origin", "string")]).features == ["dest", "origin"]
    assert FLIGHTS.select_all().features == ["id", "at", "origin", "dest"]
    assert FLIGHTS.select_except(["id"]).features == ["at", "origin", "dest"]
    assert FLIGHTS.select_features().features == ["origin", "dest"]


def test_a_feature_that_the_group_lacks_is_named_with_those_it_has() -> None:
    with pytest.raises(Invalid, match="no feature 'wind'; it has id, at, origin, dest"):
        FLIGHTS.select(["origin", "wind"])
    with pytest.raises(Invalid, match="at least one"):
        FLIGHTS.select([])


def test_a_join_goes_by_the_joined_groups_key_unless_told_otherwise() -> None:
    query = FLIGHTS.select(["origin"]).join(WEATHER.select(["wind"]))
    assert query.body() == {
        "filters": [],
        "root": {"group": "flights", "version": 1, "features": ["origin"], "prefix": ""},
        "joins": [
            {
                "selection": {"group": "weather", "version": 1, "features": ["wind"], "prefix": ""},
                "on": [{"left": "origin", "right": "origin"}],
                "kind": "left",
                "lookback_seconds": None,
            }
        ],
    }


def test_a_group_is_joined_twice_under_two_prefixes() -> None:
    query = (
        FLIGHTS.select(["origin", "dest"])
        .join(WEATHER.select(["wind"]), on=["origin"], prefix="from_")
        .join(WEATHER.select(["wind"]), left_on=["dest"], right_on=["origin"], join_type="inner", prefix="to_")
    )
    assert query.features == ["origin", "dest", "from_wind", "to_wind"]
    assert [join.kind for join in query.joins] == ["left", "inner"]
    assert query.joins[1].on == {"dest": "origin"}


def test_joins_that_cannot_be_are_refused_with_the_reason() -> None:
    flights, weather = FLIGHTS.select(["origin"]), WEATHER.select(["wind"])
    with pytest.raises(Invalid, match="give the join a prefix"):
        flights.join(WEATHER.select(["origin"]))
    with pytest.raises(Invalid, match="whole primary key: origin"):
        flights.join(weather, left_on=["at"], right_on=["at"])
    with pytest.raises(Invalid, match="no column 'airport'"):
        flights.join(weather, left_on=["airport"], right_on=["origin"])
    with pytest.raises(Invalid, match=r"'flights'\.'id' is bigint, 'weather'\.'origin' is string"):
        flights.join(weather, left_on=["id"], right_on=["origin"])
    with pytest.raises(Invalid, match="as many columns"):
        flights.join(weather, left_on=["id", "dest"], right_on=["origin"])
    with pytest.raises(Invalid, match="not both"):
        flights.join(weather, on=["origin"], left_on=["origin"])
    with pytest.raises(Invalid, match="one after the other"):
        flights.join(WEATHER.select(["wind"]).join(weather, prefix="w_"))


def test_one_column_may_be_named_as_a_plain_string() -> None:
    query = FLIGHTS.select(["origin"]).join(WEATHER.select(["wind"]), on="origin")
    assert query.joins[0].on == {"origin": "origin"}


@dataclass
class SharedGroup(Group):
    """A group that another project shares."""

    @property
    def shared_by(self) -> str:
        """Whose it is."""
        return "climate"


def test_a_selection_of_a_shared_group_names_the_project_that_shares() -> None:
    theirs = SharedGroup("weather", WEATHER.columns, WEATHER.primary_key)
    body = FLIGHTS.select(["origin"]).join(theirs.select(["wind"])).body()
    assert "project" not in body["root"]
    assert body["joins"][0]["selection"]["project"] == "climate"
