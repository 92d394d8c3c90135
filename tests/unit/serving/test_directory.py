"""What the gateway knows of views."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.serving.gateway import DELAY, FLIGHTS, MODEL, PROJECT, VIEW, WEATHER, Served

from headrace_events.deployment import DeploymentCreated
from headrace_events.feature_group_growth import FeatureGroupFeaturesAppended
from headrace_events.row_schema import Appended


def test_a_view_has_the_types_of_columns_that_came_later() -> None:
    gateway = Served()
    gusts = FeatureGroupFeaturesAppended(
        name="weather",
        version=1,
        features=(Appended(name="gusts", type="float"),),
        topic=WEATHER.topic,
        schema_id=10_002,
    )
    (join,) = VIEW.joins
    view = replace(VIEW, joins=(replace(join, selection=replace(join.selection, features=("wind_speed", "gusts"))),))
    live = DeploymentCreated(name=DELAY.name, model=MODEL.name, model_version=MODEL.version, replicas=1)
    gateway.happen(FLIGHTS, WEATHER, gusts, view, MODEL, live, project=PROJECT)
    found = gateway.directory.find(DELAY).view
    assert found is not None
    assert dict(found.types) == {
        "distance": "double",
        "carrier": "string",
        "late": "boolean",
        "wind_speed": "double",
        "gusts": "float",
    }
