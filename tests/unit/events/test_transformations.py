"""Transformation functions and the views that use them: what is taken, and what is refused with which reason."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.events.scenario import Scenario, project
from tests.unit.events.test_feature_groups import FLIGHTS, VIEW, WEATHER

from headrace_events.feature_view import FeatureViewCreated
from headrace_events.feature_view_life import DeleteFeatureView
from headrace_events.transformation import MOST_TRANSFORMATIONS, Transformation
from headrace_events.transformation_function import CreateTransformationFunction, TransformationFunctionCreated
from headrace_events.transformation_function_life import DeleteTransformationFunction, TransformationFunctionDeleted
from headrace_processors.commands.handle import Refused

CHILL = CreateTransformationFunction(
    project="flights",
    name="chill",
    source="def chill(temp, number):\n    return temp - number\n",
    arguments=("temp", "number"),
    statistics=("temp",),
    return_types=("double", "bigint"),
    drop=("temp",),
    mode="pandas",
)
SCALED = Transformation(function="standard_scaler", columns=("temp",))
DELETE = DeleteTransformationFunction(project="flights", name="chill", version=1)
CHILLED = Transformation(function="chill", version=1, columns=("temp", "flight"))


def scenario() -> Scenario:
    made = project()
    for command in (FLIGHTS, WEATHER, CHILL):
        made.events(command)
    return made


def refusal(*wanted: Transformation, **changes: Any) -> str:
    return scenario().refusal(replace(VIEW, transformations=wanted, **changes))


def test_a_function_is_kept_as_it_was_made_and_has_versions() -> None:
    made = project()
    for version in (1, 2):
        (created,) = made.events(CHILL, "user:bob")
        assert created == TransformationFunctionCreated(
            name="chill",
            version=version,
            source=CHILL.source,
            arguments=("temp", "number"),
            statistics=("temp",),
            return_types=("double", "bigint"),
            drop=("temp",),
            mode="pandas",
        )
    assert made.refusal(replace(CHILL, version=2)) == "transformation-function-exists"
    assert made.refusal(CHILL, "user:eve") == "project-not-found"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "Chill"}, "invalid-name"),
        ({"name": "label_encoder"}, "built-in-function"),
        ({"source": " \n"}, "invalid-source"),
        ({"source": "#" * 100_001}, "invalid-source"),
        ({"arguments": ()}, "invalid-arguments"),
        ({"arguments": ("temp", "temp")}, "invalid-arguments"),
        ({"arguments": ("temp", "import")}, "invalid-arguments"),
        ({"arguments": ("temp", "a b")}, "invalid-arguments"),
        ({"statistics": ("wind",)}, "unknown-argument"),
        ({"drop": ("wind",)}, "unknown-argument"),
        ({"return_types": ()}, "invalid-return-types"),
        ({"return_types": ("decimal(3,1)",)}, "invalid-return-types"),
        ({"mode": "spark"}, "invalid-mode"),
    ],
)
def test_a_function_that_cannot_be_called_is_refused(changes: dict[str, Any], code: str) -> None:
    assert project().refusal(replace(CHILL, **changes)) == code


def test_a_view_keeps_its_transformations_and_may_transform_labels_too() -> None:
    wanted = (SCALED, CHILLED, Transformation(function="label_encoder", columns=("late",), outputs=("late_code",)))
    (created,) = scenario().events(replace(VIEW, transformations=wanted))
    assert isinstance(created, FeatureViewCreated)
    assert created.transformations == wanted


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Transformation(function="scaler", columns=("temp",)), "built-in-transformation-function-not-found"),
        (replace(CHILLED, version=2), "transformation-function-not-found"),
        (replace(CHILLED, function="heat"), "transformation-function-not-found"),
        (replace(SCALED, columns=("wind",)), "unknown-transformed-column"),
        (replace(SCALED, columns=("temp", "flight")), "wrong-number-of-columns"),
        (replace(CHILLED, columns=("temp",)), "wrong-number-of-columns"),
        (replace(SCALED, columns=("late",)), "function-does-not-fit"),
        (replace(CHILLED, columns=("temp", "late")), "label-among-features"),
        (replace(CHILLED, outputs=("one",)), "wrong-number-of-outputs"),
        (replace(SCALED, outputs=("one", "two")), "wrong-number-of-outputs"),
        (Transformation(function="one_hot_encoder", columns=("flight",), outputs=("a",)), "wrong-number-of-outputs"),
        (replace(SCALED, outputs=("No Name",)), "invalid-name"),
        (replace(SCALED, outputs=("temp",)), "output-twice"),
        (replace(CHILLED, parameters='{"x": 1}'), "unknown-parameter"),
        (replace(SCALED, parameters='{"bins": 3}'), "unknown-parameter"),
        (replace(SCALED, parameters="[]"), "invalid-parameter"),
        (replace(SCALED, parameters="{"), "invalid-parameter"),
        (replace(SCALED, parameters="[" * 5_000), "invalid-parameter"),
    ],
)
def test_a_transformation_that_does_not_fit_its_features_is_refused(wanted: Transformation, code: str) -> None:
    assert refusal(wanted) == code


@pytest.mark.parametrize(
    ("function", "column", "parameters"),
    [
        ("equal_width_binner", "temp", {"bins": 1}),
        ("equal_width_binner", "temp", {"bins": 2.5}),
        ("equal_width_binner", "temp", {"bins": True}),
        ("winsorize", "temp", {"lower": 0.5, "upper": 0.5}),
        ("winsorize", "temp", {"lower": float("nan")}),
        ("winsorize", "temp", {"upper": float("inf")}),
        ("winsorize", "temp", {"upper": "0.9"}),
        ("impute_constant", "temp", {}),
        ("impute_constant", "temp", {"value": "none"}),
        ("impute_constant", "temp", {"value": True}),
        ("impute_constant", "temp", {"value": float("nan")}),
        ("impute_constant", "flight", {"value": 0.5}),
        ("impute_constant", "flight", {"value": 2**63}),
        ("impute_constant", "late", {"value": 1}),
        ("impute_constant", "late", {"value": ["x"]}),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(function: str, column: str, parameters: dict[str, Any]) -> None:
    wanted = Transformation(function=function, columns=(column,), parameters=json.dumps(parameters))
    assert refusal(wanted) == "invalid-parameter"


def test_no_two_outputs_have_one_name_and_helpers_are_left_alone() -> None:
    assert refusal(SCALED, SCALED) == "output-twice"
    assert refusal(SCALED, inference_helpers=("temp",)) == "transformed-helper"
    assert len(scenario().events(replace(VIEW, transformations=(SCALED, replace(SCALED, outputs=("again",)))))) == 1
    assert refusal(*[SCALED] * (MOST_TRANSFORMATIONS + 1)) == "too-many-transformations"


def test_a_function_is_deleted_once_no_view_uses_it_and_its_version_is_not_used_again() -> None:
    made = scenario()
    made.events(replace(VIEW, transformations=(CHILLED,)))
    outcome = made.when(DELETE, "user:bob")
    assert isinstance(outcome, Refused)
    assert outcome.refusal.code == "transformation-function-in-use"
    assert outcome.refusal.details["used_by"] == f"feature view {VIEW.name} version 1"
    made.events(DeleteFeatureView(project="flights", name=VIEW.name, version=1))
    assert made.events(DELETE, "user:bob") == [TransformationFunctionDeleted(name="chill", version=1)]
    assert made.refusal(DELETE) == "transformation-function-not-found"
    assert made.refusal(replace(VIEW, transformations=(CHILLED,))) == "transformation-function-not-found"
    assert made.refusal(replace(CHILL, version=1)) == "transformation-function-exists"
    (again,) = made.events(CHILL)
    assert isinstance(again, TransformationFunctionCreated)
    assert again.version == 2


@pytest.mark.parametrize("change", [{"name": "none"}, {"version": 2}, {"project": "rival"}])
def test_what_is_no_function_is_not_deleted(change: dict[str, Any]) -> None:
    assert scenario().refusal(replace(DELETE, **change)) in {"transformation-function-not-found", "project-not-found"}


def test_a_view_of_built_in_functions_keeps_no_function() -> None:
    made = scenario()
    made.events(replace(VIEW, transformations=(SCALED,)))
    assert len(made.events(DELETE)) == 1
