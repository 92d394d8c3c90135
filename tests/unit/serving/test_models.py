"""Archives as the SDK writes them, loaded and asked as replicas do."""

from __future__ import annotations

import io
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from headrace import Invalid
from headrace._model_archive import loaded, packed, unpacked
from headrace_serving.errors import BadModel, ModelFailed
from headrace_serving.model.predictor import Predictor, why_not

X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1, 0, 1, 0]})
Y = [0, 0, 1, 1]


class Constant:
    """Answers always the same."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def predict(self, rows: Any) -> Any:
        """Whatever it was told."""
        return [self.answer] * len(rows)


def test_a_model_fitted_on_a_frame_gets_a_frame() -> None:
    model = LogisticRegression().fit(X, Y)
    predictor = Predictor(packed(model, "predict"), ["a", "b"])
    assert predictor.predict([[0.0, 1], [3.0, 0]]) == [0.0, 1.0]


def test_of_probabilities_the_last_class_counts() -> None:
    model = LogisticRegression().fit(X.to_numpy(), Y)
    predictor = Predictor(packed(model, "predict_proba"), ["a", "b"])
    expected = model.predict_proba(X.to_numpy())[:, 1].tolist()
    assert predictor.predict(X.to_numpy().tolist()) == expected


def test_the_same_model_gives_the_same_bytes() -> None:
    assert packed(Constant(1.0), "predict") == packed(Constant(1.0), "predict")


def test_a_folder_with_a_predictor_is_a_program(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("two")
    (tmp_path / "predictor.py").write_text(
        "from pathlib import Path\n"
        "class Predict:\n"
        "    def __init__(self):\n"
        "        self.words = (Path(__file__).parent / 'words.txt').read_text()\n"
        "    def predict(self, inputs):\n"
        "        return [len(self.words) + row[0] for row in inputs]\n"
    )
    predictor = Predictor(packed(tmp_path, "predict"), ["x"])
    assert predictor.predict([[1], [2]]) == [4.0, 5.0]


def test_a_pickle_at_a_path_is_served(tmp_path: Path) -> None:
    model = LogisticRegression().fit(X.to_numpy(), Y)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    assert Predictor(packed(tmp_path / "model.pkl", "predict"), ["a", "b"]).predict([[3.0, 0.0]]) == [1.0]
    assert Predictor(packed(tmp_path, "predict"), ["a", "b"]).predict([[3.0, 0.0]]) == [1.0]


def test_what_was_packed_is_unpacked_and_loaded(tmp_path: Path) -> None:
    head = unpacked(packed(Constant(3.0), "predict", [{"x": 1}]), tmp_path)
    assert head["input_example"] == [{"x": 1}]
    assert loaded(tmp_path, head).predict([0]) == [3.0]


@pytest.mark.parametrize("answer", [float("nan"), "late", None, []])
def test_an_answer_that_is_no_finite_number_is_a_failure(answer: Any) -> None:
    with pytest.raises(ModelFailed):
        Predictor(packed(Constant(answer), "predict"), ["x"]).predict([[1]])


def test_an_answer_of_another_length_is_a_failure() -> None:
    class Short:
        def predict(self, rows: Any) -> Any:
            return np.zeros(len(rows) + 1)

    with pytest.raises(ModelFailed, match="answered 2 rows to 1"):
        Predictor(packed(Short(), "predict"), ["x"]).predict([[1]])


@pytest.mark.parametrize(
    ("model", "reason"),
    [(3, "has no method 'predict'"), (Path("/nowhere"), "nothing at"), (Constant(1), "has no method 'score'")],
)
def test_what_cannot_predict_is_not_packed(model: Any, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        packed(model, "score" if isinstance(model, Constant) else "predict")


def test_bytes_that_are_no_archive_are_refused_with_a_reason() -> None:
    assert "no archive" in (why_not(b"nonsense", ["x"]) or "")
    assert why_not(packed(Constant(1.0), "predict"), ["x"]) is None


def test_no_file_lands_outside_the_folder(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        member = tarfile.TarInfo("../escaped")
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(BadModel):
        Predictor(out.getvalue(), ["x"])
    assert not (tmp_path.parent / "escaped").exists()
