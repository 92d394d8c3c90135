"""Experiments and models before anything is sent: search spaces, configurations, functions, rows."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace import Asha, HyperparameterOptConfig, Invalid, RandomSearch, Searchspace
from headrace._instances import instances
from headrace._program import environment, name_of, pickled
from headrace._reporter import check
from headrace._serving import _outcome
from headrace_events.searchspace import Dimension


def test_a_search_space_knows_its_dimensions() -> None:
    space = Searchspace(depth=("INTEGER", [2, 8]), kind=("categorical", ["gini", None]))
    space.add("rate", ("DOUBLE", [0.1, 0.2]))
    assert space.names() == {"depth": "INTEGER", "kind": "CATEGORICAL", "rate": "DOUBLE"}
    assert space.depth == [2, 8]
    assert space.get("rate") == [0.1, 0.2]
    assert list(space) == list(space.keys()) == ["depth", "kind", "rate"]
    assert len(space) == 3
    assert space.to_dict()["kind"] == ("CATEGORICAL", ["gini", None])
    with pytest.raises(AttributeError):
        space.nothing  # noqa: B018 - reading it is the test
    assert pickle.loads(pickle.dumps(space)).depth == [2, 8]  # noqa: S301 - our own bytes


def test_a_search_space_is_what_the_platform_takes() -> None:
    space = Searchspace(depth=("INTEGER", [2, 8]), kind=("CATEGORICAL", ["gini", None]), rate=("DOUBLE", [0.1, 0.2]))
    for body in space.as_body():
        dimension = Dimension(name=body["name"], kind=body["kind"], values=tuple(body["values"]))
        assert list(dimension.parsed()) == space.get(dimension.name)


def test_random_values_are_within_it() -> None:
    space = Searchspace(depth=("INTEGER", [2, 3]), rate=("DOUBLE", [0.0, 1.0]), size=("DISCRETE", [1, 2.5]))
    for drawn in space.get_random_parameter_values(50, seed=1):
        assert drawn["depth"] in {2, 3}
        assert 0 <= drawn["rate"] <= 1
        assert drawn["size"] in {1, 2.5}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("names", ("INTEGER", [1, 2])),
        ("class", ("INTEGER", [1, 2])),
        ("_x", ("INTEGER", [1, 2])),
        ("a b", ("INTEGER", [1, 2])),
        ("x", ("GAUSS", [1, 2])),
        ("x", ("INTEGER", [1])),
        ("x", ("INTEGER", [2, 1])),
        ("x", ("INTEGER", [1, 2.5])),
        ("x", ("DOUBLE", [0, math.inf])),
        ("x", ("DOUBLE", [0, True])),
        ("x", ("DISCRETE", ["a"])),
        ("x", ("CATEGORICAL", [])),
        ("x", ("CATEGORICAL", [object()])),
    ],
)
def test_what_cannot_be_searched_is_refused(name: str, value: Any) -> None:
    with pytest.raises(Invalid):
        Searchspace().add(name, value)


@pytest.mark.parametrize(
    ("optimizer", "halving"),
    [
        ("asha", {"least_steps": 1, "reduction": 2, "rungs": 3}),
        ("RandomSearch", {"least_steps": 1, "reduction": 2, "rungs": 1}),
        (Asha(reduction_factor=3, resource_min=2, resource_max=20), {"least_steps": 2, "reduction": 3, "rungs": 3}),
        (Asha(resource_min=5, resource_max=5), {"least_steps": 5, "reduction": 2, "rungs": 1}),
        (RandomSearch(steps=7), {"least_steps": 7, "reduction": 2, "rungs": 1}),
    ],
)
def test_an_optimizer_is_rungs(optimizer: Any, halving: dict[str, int]) -> None:
    assert HyperparameterOptConfig(num_trials=1, searchspace=Searchspace(), optimizer=optimizer).halving() == halving


@pytest.mark.parametrize("optimizer", ["tpe", Asha(reduction_factor=1), Asha(resource_min=5, resource_max=4)])
def test_an_optimizer_that_is_none_is_refused(optimizer: Any) -> None:
    with pytest.raises(Invalid):
        HyperparameterOptConfig(num_trials=1, searchspace=Searchspace(), optimizer=optimizer).halving()


def test_a_function_may_name_what_it_is_offered() -> None:
    check(lambda hparams, reporter, budget, extra=1, **more: 1.0)
    with pytest.raises(Invalid, match="needs 'model'"):
        check(lambda hparams, model: 1.0)
    with pytest.raises(Invalid, match="not a str"):
        check("train")  # type: ignore[arg-type] # that is the test


def helper() -> float:
    return 41.0


def train() -> float:
    return helper() + 1


def test_a_function_brings_its_own_module_along() -> None:
    program = "import sys, cloudpickle; print(cloudpickle.loads(sys.stdin.buffer.read())())"
    done = subprocess.run(
        [sys.executable, "-c", program], input=pickled(train), capture_output=True, check=True, cwd="/"
    )
    assert done.stdout == b"42.0\n"
    assert name_of(train).endswith("test_experiment.train")


def test_the_environment_is_a_list_of_versions() -> None:
    listed = environment()
    assert listed[0].startswith("python==3.")
    assert any(entry.startswith("headrace==") for entry in listed)


def test_rows_of_any_kind_are_json() -> None:
    frame = pd.DataFrame({"a": [1.5, math.nan], "b": ["x", "y"]})
    assert instances(frame) == [{"a": 1.5, "b": "x"}, {"a": None, "b": "y"}]
    assert instances({"a": np.int64(3)}) == [{"a": 3}]
    moment = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert instances([[moment, date(2013, 7, 1), None]]) == [[1_000_000, "2013-07-01", None]]
    with pytest.raises(Invalid, match="infinite"):
        instances([[math.inf]])


def test_an_outcome_is_an_id_a_number_and_perhaps_a_time() -> None:
    assert _outcome(("r/0", 1)) == {"inference_id": "r/0", "outcome": 1.0, "event_time": None}
    moment = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert _outcome(("r/0", np.float32(0.5), moment))["event_time"] == 1_000_000  # type: ignore[arg-type] # a scalar
    with pytest.raises(Invalid):
        _outcome(("r/0", math.nan))
