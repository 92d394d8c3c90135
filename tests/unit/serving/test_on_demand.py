"""A model over on-demand features: requests name parameters beside keys, and the worker computes as inserts did."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.serving.gateway import DELAY, FLIGHTS, MODEL, VIEW, WEATHER, Served, served

from headrace import Feature, Transformer, builtin_transformations, udf
from headrace._declared_on_demand import applied
from headrace._model_archive import packed
from headrace._on_demand import OnDemand, OnDemandFunction
from headrace._prepare import Prepare, preparing
from headrace._program import pickled_whole
from headrace._training_statistics import FeatureStatistics
from headrace_events.row_schema import Column
from headrace_events.transformation import Transformation
from headrace_serving.model.predictor import Predictor

HOUR_US = 3_600_000_000
ASKED = dt.datetime(2013, 1, 1, 8, tzinfo=dt.UTC)
DEPARTS = dt.datetime(2013, 1, 1, 6, tzinfo=dt.UTC)


@udf(float, drop="asked")
def hours_until(asked: dt.datetime, departs: dt.datetime) -> Any:
    return (departs - asked) / dt.timedelta(hours=1)


TYPES = {"asked": "timestamp", "departs": "timestamp", "hours_until": "double"}
ON_DEMAND = OnDemand(
    [OnDemandFunction(transformation=applied(hours_until).alias("hours_until"), types=TYPES, gives=("hours_until",))]
)
COLUMNS = [Feature("distance", "double"), Feature("departs", "timestamp"), Feature("hours_until", "double")]
STATISTICS = {
    "hours_until": FeatureStatistics(
        name="hours_until", count=2, nulls=0, distinct=2, nonfinite=0, min=-2.0, max=2.0, mean=0.0, std=2.0
    )
}
SCALED = Transformer([builtin_transformations.min_max_scaler("hours_until")], COLUMNS, STATISTICS)
AS_IT_IS = Transformer((), COLUMNS, {})


class First:
    """Predicts what it is given first."""

    def predict(self, rows: Any) -> list[float]:
        """One number a row."""
        return [float(row[0]) for row in rows]


def test_a_model_takes_what_its_features_are_computed_of() -> None:
    prepare = preparing(AS_IT_IS, ["hours_until", "distance"], ON_DEMAND)
    assert prepare is not None
    assert prepare.inputs == ("distance", "asked", "departs")
    assert prepare([[100.0, 6 * HOUR_US, 8 * HOUR_US]]) == [[2.0, 100.0]]
    assert preparing(AS_IT_IS, ["distance", "departs"], ON_DEMAND) is None


def test_what_is_computed_is_transformed_afterwards() -> None:
    prepare = Prepare(SCALED, ["min_max_scaler_hours_until_"], ON_DEMAND)
    assert prepare.inputs == ("asked", "departs")
    assert prepare([[6 * HOUR_US, 7 * HOUR_US]]) == [[0.75]]


def test_a_model_of_a_study_is_given_on_demand_features_that_nothing_transforms() -> None:
    prepare = preparing(SCALED, ["hours_until", "distance"], ON_DEMAND)
    assert prepare is not None
    assert prepare([[100.0, 6 * HOUR_US, 7 * HOUR_US]]) == [[1.0, 100.0]]


def test_a_worker_needs_no_headrace_to_compute() -> None:
    program = (
        "import pickle, sys\n"
        "prepare = pickle.load(sys.stdin.buffer)\n"
        f"print(prepare([[{6 * HOUR_US}, {7 * HOUR_US}]]))\n"
        "print([one for one in sys.modules if one.startswith('headrace')])\n"
    )
    content = pickled_whole(Prepare(SCALED, ["min_max_scaler_hours_until_"], ON_DEMAND))
    said = subprocess.run([sys.executable, "-c", program], input=content, capture_output=True, check=True)
    assert said.stdout.decode().split() == ["[[0.75]]", "[]"]


def gateway() -> Served:
    made = served(ready=False)
    function = Transformation(function="hours_until", version=1, columns=("asked", "departs"), outputs=("hours_until",))
    group = replace(
        FLIGHTS,
        columns=(*FLIGHTS.columns, Column(name="hours_until", type="double")),
        on_demand=(function,),
        request_parameters=(Column(name="asked", type="timestamp"),),
    )
    root = replace(VIEW.root, features=("departs", "hours_until", "late"))
    prepare = Prepare(AS_IT_IS, ["hours_until"], ON_DEMAND)
    made.happen(group, WEATHER, replace(VIEW, root=root), replace(MODEL, inputs=prepare.inputs))
    made.replicas.models[DELAY] = Predictor(packed(First(), "predict", prepare=prepare), prepare.inputs)
    departs = int(DEPARTS.timestamp() * 1_000_000)
    made.features.put("flights", "delays", {"flight_id": 7}, {"departs": departs, "hours_until": 99.0})
    return made


@pytest.mark.parametrize("asked", [ASKED.isoformat(), int(ASKED.timestamp() * 1_000_000)])
def test_a_request_names_its_key_and_its_parameters(asked: Any) -> None:
    made = gateway()
    answer = made.predict({"instances": [{"flight_id": 7, "asked": asked}]})
    assert answer.json()["predictions"] == [-2.0]
    (record,) = made.records()
    assert set(record["numbers"]) == {"asked", "departs"}


def test_both_protocols_know_the_types_of_parameters() -> None:
    made = gateway()
    tensors = [
        {"name": "flight_id", "shape": [1], "datatype": "INT64", "data": [7]},
        {"name": "asked", "shape": [1], "datatype": "BYTES", "data": [ASKED.isoformat()]},
    ]
    outputs = made.infer({"inputs": tensors}).json()["outputs"]
    assert outputs[0]["data"] == [-2.0]
    said = made.send("GET", "/projects/flights/v2/models/delay").json()
    assert {one["name"]: one["datatype"] for one in said["inputs"]} == {"asked": "INT64", "departs": "INT64"}


def test_a_parameter_that_is_missing_or_of_another_type_is_an_error_of_its_row() -> None:
    instances = [{"flight_id": 7}, {"flight_id": 7, "asked": "soon"}, {"flight_id": 7, "asked": ASKED.isoformat()}]
    answer = gateway().predict({"instances": instances}).json()
    assert answer["predictions"] == [None, None, -2.0]
    assert answer["errors"][0] == (
        "missing-feature: asked: give them with each request, for no vector of the view has them"
    )
    assert answer["errors"][1].startswith("wrong-type: 'asked' is a timestamp")


def test_a_parameter_is_called_with_the_prefix_of_its_join() -> None:
    made = served()
    group = replace(
        WEATHER,
        columns=(*WEATHER.columns, Column(name="age", type="double")),
        on_demand=(Transformation(function="age", version=1, columns=("asked", "observed"), outputs=("age",)),),
        request_parameters=(Column(name="asked", type="timestamp"),),
    )
    (join,) = VIEW.joins
    selection = replace(join.selection, features=("age",), prefix="w_")
    made.happen(group, replace(VIEW, joins=(replace(join, selection=selection),)))
    view = made.directory.find(DELAY).view
    assert view is not None
    assert dict(view.parameters) == {"w_asked": "timestamp", "w_observed": "timestamp"}
