"""On-demand features: which functions a feature group takes, what becomes of their names, and what views make of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.events.scenario import Scenario, project
from tests.unit.events.test_feature_groups import FLIGHTS, VIEW, WEATHER
from tests.unit.events.test_transformations import CHILL

from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_group_growth import AppendFeatures, NewFeature
from headrace_events.feature_view import FeatureViewCreated, GroupSelection, Join, KeyPair
from headrace_events.on_demand import MOST_ON_DEMAND, MOST_PARAMETERS
from headrace_events.row_schema import Column
from headrace_events.transformation import Transformation
from headrace_events.transformation_function import CreateTransformationFunction
from headrace_events.transformation_function_life import DeleteTransformationFunction, TransformationFunctionDeleted
from headrace_processors.commands.handle import Refused

COOLER = replace(CHILL, name="cooler", arguments=("temp", "wanted"), statistics=(), return_types=("double",))
SPLIT = replace(COOLER, name="split", return_types=("double", "bigint"))
COOLED = Transformation(function="cooler", version=1, columns=("temp", "wanted"))
WANTED = (Column(name="wanted", type="double"),)
GROUP = replace(WEATHER, on_demand=(COOLED,), request_parameters=WANTED)


def scenario() -> Scenario:
    made = project()
    for function in (CHILL, COOLER, SPLIT):
        assert isinstance(function, CreateTransformationFunction)
        made.events(function)
    return made


def created(**changes: Any) -> FeatureGroupCreated:
    events = scenario().events(replace(GROUP, **changes))
    return next(event for event in events if isinstance(event, FeatureGroupCreated))


def refusal(**changes: Any) -> str:
    return scenario().refusal(replace(GROUP, **changes))


def test_what_a_function_returns_is_a_column_after_those_that_rows_bring() -> None:
    event = created()
    assert [column.name for column in event.columns] == ["origin", "time_hour", "temp", "cooler"]
    assert event.columns[-1] == Column(name="cooler", type="double")
    assert event.on_demand == (replace(COOLED, outputs=("cooler",)),)
    assert event.request_parameters == WANTED


def test_several_outputs_are_numbered_and_may_be_named() -> None:
    both = replace(COOLED, function="split")
    assert created(on_demand=(both,)).on_demand[0].outputs == ("split_0", "split_1")
    named = created(on_demand=(replace(both, outputs=("whole", "rest")),))
    assert [(column.name, column.type) for column in named.columns[-2:]] == [("whole", "double"), ("rest", "bigint")]


def test_a_type_is_written_as_events_have_it_and_statistics_may_name_a_computed_feature() -> None:
    group = created(request_parameters=(Column(name="wanted", type="  DOUBLE "),))
    assert group.request_parameters == WANTED


@pytest.mark.parametrize(
    ("function", "column", "kind"),
    [
        (Transformation(function="log_transform", columns=("wanted",)), "log_transform", "double"),
        (Transformation(function="impute_constant", columns=("wanted",), parameters='{"value": 1.5}'), None, "double"),
    ],
)
def test_functions_that_are_built_in_and_learn_nothing_are_taken(
    function: Transformation, column: str | None, kind: str
) -> None:
    assert created(on_demand=(function,)).columns[-1] == Column(name=column or function.function, type=kind)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"on_demand": (replace(COOLED, columns=("temp", "wnated")),)}, "unknown-argument"),
        ({"on_demand": (COOLED, Transformation(function="log_transform", columns=("cooler",)))}, "unknown-argument"),
        ({"on_demand": (replace(COOLED, version=2),)}, "transformation-function-not-found"),
        ({"on_demand": (replace(COOLED, columns=("temp",)),)}, "wrong-number-of-columns"),
        ({"on_demand": (replace(COOLED, outputs=("a", "b")),)}, "wrong-number-of-outputs"),
        ({"on_demand": (replace(COOLED, outputs=("A b",)),)}, "invalid-name"),
        ({"on_demand": (replace(COOLED, function="chill"),)}, "needs-statistics"),
        ({"on_demand": (Transformation(function="standard_scaler", columns=("wanted",)),)}, "needs-statistics"),
        ({"on_demand": (replace(COOLED, outputs=("temp",)),)}, "output-twice"),
        ({"on_demand": (replace(COOLED, outputs=("wanted",)),)}, "output-twice"),
        ({"on_demand": (COOLED, COOLED)}, "output-twice"),
        ({"request_parameters": (*WANTED, Column(name="temp", type="double"))}, "output-twice"),
        ({"request_parameters": (*WANTED, Column(name="more", type="double"))}, "unused-parameter"),
        ({"request_parameters": (Column(name="wanted", type="complex"),)}, "unknown-type"),
        ({"on_demand": (COOLED,) * (MOST_ON_DEMAND + 1)}, "too-many-transformations"),
        ({"request_parameters": WANTED * (MOST_PARAMETERS + 1)}, "too-many-transformations"),
        ({"on_demand": (replace(COOLED, outputs=("origin",)),), "columns": WEATHER.columns[1:]}, "computed-key"),
    ],
)
def test_what_cannot_be_computed_of_a_row_and_a_request_is_refused(changes: dict[str, Any], code: str) -> None:
    assert refusal(**changes) == code


def test_no_feature_that_comes_later_has_the_name_of_a_request_parameter() -> None:
    made = scenario()
    made.events(GROUP)
    more = AppendFeatures(
        project="flights", name="weather", version=1, features=(NewFeature(name="wanted", type="double"),)
    )
    assert made.refusal(more) == "column-exists"


def test_a_view_over_on_demand_features_is_refused_where_an_argument_would_be_something_else() -> None:
    made = scenario()
    made.events(FLIGHTS)
    made.events(
        replace(
            GROUP,
            request_parameters=(Column(name="flight", type="double"),),
            on_demand=(replace(COOLED, columns=("temp", "flight")),),
        )
    )
    on = (KeyPair(left="origin", right="origin"),)
    joined = Join(selection=GroupSelection(group="weather", version=1, features=("cooler",)), on=on)
    assert made.refusal(replace(VIEW, joins=(joined,))) == "argument-twice"
    prefixed = replace(joined, selection=replace(joined.selection, prefix="w_"))
    (view,) = made.events(replace(VIEW, joins=(prefixed,)))
    assert isinstance(view, FeatureViewCreated)


def test_a_function_stays_while_a_group_computes_with_it() -> None:
    made = scenario()
    made.events(GROUP)
    delete = DeleteTransformationFunction(project="flights", name="cooler", version=1)
    outcome = made.when(delete, "user:bob")
    assert isinstance(outcome, Refused)
    assert outcome.refusal.code == "transformation-function-in-use"
    assert outcome.refusal.details["used_by"] == f"feature group {GROUP.name} version 1"
    assert made.events(replace(delete, name="split")) == [TransformationFunctionDeleted(name="split", version=1)]
