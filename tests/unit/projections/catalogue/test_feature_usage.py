"""Who uses which feature, put together from what the catalogue has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from headrace_events.feature_filter import Condition, Filter
from headrace_events.feature_view import GroupSelection, Join, KeyPair
from headrace_events.model import TrainedOn
from headrace_events.row_schema import Column
from headrace_events.streaming_windows import Aggregation
from headrace_projections.catalogue.queries.external_feature_groups import ExternalFeatureGroupRow
from headrace_projections.catalogue.queries.feature_groups import StreamingRow
from headrace_projections.catalogue.queries.feature_usage import (
    Consumers,
    FeatureUse,
    LearntModel,
    ModelUse,
    ReadingStream,
    ReadingView,
    ServedModel,
    StreamUse,
    ViewUse,
    unused,
)

VIEW = ReadingView(
    project="flights",
    name="late",
    version=2,
    root=GroupSelection(group="flights", version=1, features=("distance", "late")),
    joins=(
        Join(
            selection=GroupSelection(group="weather", version=1, features=("wind", "rain"), prefix="then_"),
            on=(KeyPair(left="origin", right="origin"),),
        ),
    ),
    labels=("late",),
)
MODEL = LearntModel(
    name="delay",
    version=3,
    inputs=("distance", "then_wind"),
    trained_on=TrainedOn(view="late", view_version=2, version=1),
)
ELSEWHERE = replace(
    VIEW,
    project="rival",
    root=GroupSelection(group="weather", version=1, features=("snow",), project="flights"),
    joins=(),
)
ALL = Consumers(
    project="flights",
    views=(VIEW, ELSEWHERE),
    models=(MODEL, replace(MODEL, name="old", trained_on=replace(MODEL.trained_on, view_version=1))),
    deployments=(
        ServedModel(name="live", model="delay", model_version=3),
        ServedModel(name="older", model="delay", model_version=2),
    ),
)


def test_a_feature_is_used_by_views_models_and_deployments_under_the_views_name() -> None:
    wind, rain = ALL.of("weather", 1, ["wind", "rain"])
    assert wind == FeatureUse(
        feature="wind",
        views=(ViewUse(name="late", version=2, column="then_wind", role="feature"),),
        models=(ModelUse(name="delay", version=3),),
        deployments=("live",),
    )
    assert rain == replace(
        wind, feature="rain", views=(replace(wind.views[0], column="then_rain"),), models=(), deployments=()
    )


def test_a_label_is_used_by_the_models_that_learnt_it_and_a_key_by_the_view() -> None:
    late, origin, gate = ALL.of("flights", 1, ["late", "origin", "gate"])
    assert (late.views[0].role, late.models, late.deployments) == (
        "label",
        (ModelUse(name="delay", version=3),),
        ("live",),
    )
    assert (origin.views[0].role, origin.models) == ("key", ())
    assert gate == FeatureUse(feature="gate")


def test_helpers_and_what_only_filters_look_at_are_used_too() -> None:
    def keeps(column: str, join: int | None = None) -> Filter:
        return Filter(any_of=(Condition(column=column, join=join, operator="is not null"),))

    view = replace(
        VIEW,
        inference_helpers=("then_rain",),
        training_helpers=("distance",),
        filters=(keeps("gate"), keeps("origin"), keeps("distance"), keeps("snow", 0)),
    )
    consumers = replace(ALL, views=(view,))
    uses = (
        *consumers.of("flights", 1, ["distance", "gate", "origin", "snow"]),
        *consumers.of("weather", 1, ["rain", "snow", "gate"]),
    )
    assert [[(one.column, one.role) for one in use.views] for use in uses] == [
        [("distance", "training helper")],
        [("gate", "filter")],
        [("origin", "key")],
        [],
        [("then_rain", "inference helper")],
        [("snow", "filter")],
        [],
    ]


def test_a_model_that_takes_what_a_feature_is_computed_of_uses_the_feature() -> None:
    computed = {"rain": ["wind", "asked_at"], "wind": ["snow"]}
    model = replace(MODEL, inputs=("then_wind", "then_asked_at"))
    rain, wind = replace(ALL, models=(model,)).of("weather", 1, ["rain", "wind"], computed)
    assert rain.models == wind.models == (ModelUse(name="delay", version=3),)
    half = replace(model, inputs=("then_wind", "asked_at"))
    (rain,) = replace(ALL, models=(half,)).of("weather", 1, ["rain"], computed)
    assert rain.models == ()


def test_a_streaming_group_uses_what_it_is_computed_from() -> None:
    stream = ReadingStream(
        name="gusts",
        version=4,
        streaming=StreamingRow(
            source="weather",
            source_version=1,
            keys=("origin",),
            aggregations=(
                Aggregation(function="mean", column="wind", over="1h"),
                Aggregation(function="count", over="1h"),
            ),
            slide_seconds=600,
            allowed_lateness_seconds=0,
        ),
    )
    consumers = replace(
        ALL, views=(), streams=(stream, replace(stream, streaming=replace(stream.streaming, source_version=2)))
    )
    origin, wind, rain = consumers.of("weather", 1, ["origin", "wind", "rain"])
    assert origin.streams == (StreamUse(name="gusts", version=4, role="key"),)
    assert wind.streams == (StreamUse(name="gusts", version=4, role="aggregated"),)
    assert (origin.used, wind.used, rain) == (True, True, FeatureUse(feature="rain"))
    (own,) = consumers.of("gusts", 4, ["wind_mean_1h"])
    assert not own.used


def test_an_external_group_has_users_and_unused_features_like_any_other() -> None:
    row = ExternalFeatureGroupRow(
        name="weather",
        version=1,
        description="",
        columns=tuple(Column(name=name, type="double") for name in ("origin", "hour", "wind", "snow", "hail")),
        primary_key=("origin",),
        event_time="hour",
        storage_connector="sales",
        query="",
        created_by="user:ada",
        created_time=datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert unused(ALL, row).features == ("hail",)


def test_of_another_project_only_its_name_is_told() -> None:
    (snow,) = ALL.of("weather", 1, ["snow"])
    assert snow == FeatureUse(feature="snow", projects=("rival",))


def test_another_version_of_the_group_is_another_group() -> None:
    assert ALL.of("weather", 2, ["wind"]) == (FeatureUse(feature="wind"),)
