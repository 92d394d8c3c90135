"""A model whose view transforms its features is served what it was trained with, out of its own archive."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from typing import Any

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from headrace import Feature, Invalid, Transformer, builtin_transformations, udf
from headrace._model_archive import packed
from headrace._prepare import Prepare, preparing
from headrace._program import pickled_whole
from headrace._training_statistics import FeatureStatistics
from headrace_serving.errors import BadModel, ModelFailed
from headrace_serving.model.predictor import Predictor, Value

DAY_US = 86_400_000_000
COLUMNS = [Feature("wind", "double"), Feature("origin", "string"), Feature("at", "timestamp"), Feature("other", "int")]


def of(name: str, **known: Any) -> FeatureStatistics:
    made: dict[str, Any] = {"count": 4, "nulls": 0, "distinct": 2, "nonfinite": 0, "min": None, "max": None}
    return FeatureStatistics(name=name, **made | known)


STATISTICS = {
    "wind": of("wind", min=0.0, max=6.0, mean=3.0, std=2.0),
    "origin": of("origin", categories=(("JFK", 3), ("LGA", 1))),
}


@udf(float, drop="at", mode="python")
def hour_of(at: Any) -> Any:
    return float(at.hour)


TRANSFORMER = Transformer(
    [builtin_transformations.standard_scaler("wind"), builtin_transformations.one_hot_encoder("origin"), hour_of("at")],
    COLUMNS,
    STATISTICS,
)
GIVES = ["standard_scaler_wind_", "one_hot_encoder_origin_1", "hour_of_at_"]


class Sum:
    """Adds up what it gets."""

    def predict(self, rows: Any) -> list[float]:
        """One number a row."""
        return [float(sum(row)) for row in rows]


def test_the_gateway_gives_what_is_stored_and_the_model_sees_what_it_was_trained_with() -> None:
    prepare = Prepare(TRANSFORMER, GIVES)
    assert prepare.inputs == ("wind", "origin", "at")
    predictor = Predictor(packed(Sum(), "predict", prepare=prepare), prepare.inputs)
    assert predictor.predict([[5.0, "LGA", 3 * DAY_US // 24], [3.0, "JFK", 0]]) == [5.0, 0.0]
    assert predictor.predict([[3.0, "never seen", 0]]) == [0.0]
    predictor.close()


def test_a_model_of_stored_columns_is_prepared_for_nothing_and_one_of_unknown_columns_is_refused() -> None:
    assert preparing(TRANSFORMER, ["wind", "other"]) is None
    assert preparing(TRANSFORMER, ["other", "hour_of_at_"]) is not None
    with pytest.raises(Invalid) as error:
        preparing(TRANSFORMER, ["hour_of_at_", "wind"])
    assert error.value.code == "unknown-input"


def test_a_model_fitted_on_a_frame_gets_one_with_the_names_of_the_outputs() -> None:
    train = TRANSFORMER.frame(
        pd.DataFrame(
            {
                "wind": [0.0, 1.0, 5.0, 6.0],
                "origin": ["JFK", "LGA", "JFK", "JFK"],
                "at": pd.to_datetime([0, 1, 2, 3], unit="D", utc=True),
                "other": [1, 2, 3, 4],
            }
        )
    )[GIVES]
    model = LogisticRegression().fit(train, [0, 0, 1, 1])
    prepare = Prepare(TRANSFORMER, list(model.feature_names_in_))
    predictor = Predictor(packed(model, "predict_proba", prepare=prepare), prepare.inputs)
    asked: list[list[Value]] = [[0.0, "JFK", 0], [6.0, "LGA", 0]]
    expected = model.predict_proba(pd.DataFrame(prepare(asked), columns=GIVES))[:, 1]
    assert predictor.predict(asked) == pytest.approx(list(expected))
    assert predictor.predict(asked)[0] < 0.5 < predictor.predict(asked)[1]
    predictor.close()


def test_a_function_that_fails_in_a_deployment_is_named() -> None:
    prepare = Prepare(TRANSFORMER, GIVES)
    predictor = Predictor(packed(Sum(), "predict", prepare=prepare), prepare.inputs)
    with pytest.raises(ModelFailed, match="the transformations failed: hour_of raised AttributeError"):
        predictor.predict([[3.0, "JFK", "noon"]])
    predictor.close()


def test_what_prepares_rows_needs_no_headrace_where_it_runs() -> None:
    rows = [[5.0, "LGA", 3 * DAY_US // 24]]
    program = (
        "import pickle, sys\n"
        "prepare = pickle.load(sys.stdin.buffer)\n"
        f"print(prepare({rows!r})[0], [name for name in sys.modules if name.startswith('headrace')])\n"
    )
    content = pickled_whole(Prepare(TRANSFORMER, GIVES))
    said = subprocess.run([sys.executable, "-c", program], input=content, capture_output=True, check=True)
    assert said.stdout.decode().split() == ["[1.0,", "True,", "3.0]", "[]"]


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        ("text", "does not say how rows are prepared"),
        ({"entry": "x.pkl", "gives": "a"}, "does not say how rows are prepared"),
        ({"entry": "../../x.pkl", "gives": ["a"]}, "lies outside the archive"),
        ({"entry": "model.pkl.gone", "gives": ["a"]}, "the transformations cannot be loaded"),
    ],
)
def test_an_archive_whose_transformations_do_not_load_is_no_model(prepare: Any, why: str) -> None:
    out = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(packed(Sum(), "predict")), mode="r:gz") as before,
        tarfile.open(fileobj=out, mode="w:gz") as after,
    ):
        for member in before.getmembers():
            file = before.extractfile(member)
            assert file is not None
            content = file.read()
            if member.name == "headrace.json":
                content = json.dumps({**json.loads(content), "prepare": prepare}).encode()
                member.size = len(content)
            after.addfile(member, io.BytesIO(content))
    with pytest.raises(BadModel, match=why):
        Predictor(out.getvalue(), ["a"])
