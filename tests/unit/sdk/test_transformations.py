"""Members' own transformation functions: what they take, how they run, and what is said when they cannot."""

from __future__ import annotations

import datetime as dt
import json
import math
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from tests.unit.sdk.answering import answering

from headrace import (
    Feature,
    HeadraceError,
    TransformationFunction,
    TransformationStatistics,
    Transformer,
    builtin_transformations,
    udf,
)
from headrace._feature_view import FeatureView
from headrace._function_source import load
from headrace._http import Api
from headrace._training_statistics import FeatureStatistics
from headrace._transformation_function import Transformation

MILES = 1.609
COLUMNS = [Feature("a", "double"), Feature("b", "bigint"), Feature("c", "string")]


def of(name: str, **known: Any) -> FeatureStatistics:
    return FeatureStatistics(name=name, count=3, nulls=0, distinct=3, nonfinite=0, min=1.0, max=3.0, **known)


KNOWN = {"a": of("a", mean=2.0, std=1.0), "b": of("b", mean=20.0, std=10.0)}


@udf(float, drop="distance")
def in_kilometres(distance: float) -> float:
    return None if distance is None else distance * MILES


@udf([float, str], mode="pandas")
def against_the_mean(
    first: pd.Series,
    second: pd.Series,
    statistics: Any = TransformationStatistics("first", "second"),  # noqa: B008 - it says whose statistics are read
) -> pd.DataFrame:
    """More than one line, and a default that is an object."""
    apart = np.abs(first - statistics.first.mean) + (second - statistics.second.mean)
    return pd.DataFrame({"apart": apart, "said": apart.map(lambda one: f"{one:.1f}")})


@udf([int, bool], drop=["text"], mode="python")
def measured(text: str) -> Any:
    return (len(text), text.isupper()) if text is not None else (None, None)


def transformer(*wanted: Transformation) -> Transformer:
    return Transformer(wanted, COLUMNS, KNOWN)


def rows() -> pd.DataFrame:
    return pd.DataFrame({"a": [1.0, math.nan, 3.0], "b": [10, 20, 30], "c": ["x", None, "YZ"], "other": [7, 8, 9]})


def code(run: Any) -> str:
    with pytest.raises(HeadraceError) as error:
        run()
    return error.value.code


def test_a_frame_gets_the_outputs_after_the_columns_that_stay_and_is_not_changed() -> None:
    given = rows()
    found = transformer(in_kilometres("a"), against_the_mean("a", "b"), measured("c").alias("long", "loud")).frame(
        given
    )
    pd.testing.assert_frame_equal(given, rows())
    assert list(found.columns) == [
        "b",
        "other",
        "in_kilometres_a_",
        "against_the_mean_a_b_0",
        "against_the_mean_a_b_1",
        "long",
        "loud",
    ]
    assert found["in_kilometres_a_"].tolist() == pytest.approx([1.609, math.nan, 4.827], nan_ok=True)
    assert found["against_the_mean_a_b_1"].tolist() == ["-9.0", "nan", "11.0"]
    assert found["long"].tolist() == pytest.approx([1, math.nan, 2], nan_ok=True)
    assert found["loud"].tolist() == [False, None, True]


def test_vectors_and_frames_come_out_alike_in_every_mode() -> None:
    ready = transformer(in_kilometres("a"), against_the_mean("a", "b"), measured("c"))
    listed: list[dict[str, Any]] = [
        {"a": 1.0, "b": 10, "c": "x"},
        {"a": None, "b": 20, "c": None},
        {"a": 3.0, "b": 30, "c": "YZ"},
    ]
    found = ready.rows(listed)
    assert [feature.name for feature in ready.features] == list(found[0])
    assert [feature.type for feature in ready.features] == ["bigint", "double", "double", "string", "bigint", "boolean"]
    in_frame = ready.frame(rows().drop(columns="other"))
    for index, row in enumerate(found):
        for name, value in row.items():
            there = in_frame[name].iloc[index]
            assert (value is None and (there is None or math.isnan(there))) or value == pytest.approx(there), name


def test_a_function_that_changes_what_it_is_given_changes_nothing_else() -> None:
    @udf(float, mode="pandas")
    def careless(a: pd.Series) -> pd.Series:
        a[:] = 0.0
        return a

    given = rows()
    found = transformer(careless("a")).frame(given)
    pd.testing.assert_frame_equal(given, rows())
    assert found["careless_a_"].tolist() == [0.0, 0.0, 0.0]
    assert found["a"].tolist() == pytest.approx([1.0, math.nan, 3.0], nan_ok=True)


def test_the_source_alone_says_everything() -> None:
    again = load(str(in_kilometres.source), "in_kilometres")
    assert again(2.0) == pytest.approx(3.218)
    assert "MILES = 1.609" in str(in_kilometres.source)
    assert "import numpy as np" in str(against_the_mean.source)
    assert "@udf" not in str(against_the_mean.source)
    assert against_the_mean.statistics == ("first", "second")
    assert measured.return_types == ("bigint", "boolean")


def test_names_inside_a_function_are_its_own_whatever_else_is_called_so() -> None:
    @udf(float, mode="python")
    def shadowing(rows: Any) -> Any:
        code = [helping * MILES for helping in (rows,)]
        return max(code, key=lambda transformer: transformer)

    assert "MILES = 1.609" in str(shadowing.source)
    assert load(str(shadowing.source), "shadowing")(2.0) == pytest.approx(3.218)


def helping(value: float) -> float:
    return value


def test_a_function_that_borrows_what_is_not_its_own_is_refused_by_name() -> None:
    def borrowing(a: float) -> float:
        return helping(a)

    def enclosed(a: float) -> float:
        return a * len(local)

    local = [1]
    for function, name in ((borrowing, "helping"), (enclosed, "local")):
        with pytest.raises(HeadraceError, match=f"uses '{name}'") as error:
            udf(float)(function)
        assert error.value.code == "function-not-whole"
    assert code(lambda: udf(float)(lambda a: a)) == "no-source"
    assert code(lambda: udf(float)(load("def typed(a): return a", "typed"))) == "no-source"


def test_what_cannot_be_a_function_of_features_is_refused() -> None:
    def none() -> float:
        return 1.0

    def some(*a: float) -> float:
        return sum(a)

    def vague(a: float, statistics: Any = None) -> float:
        return a

    def unknown(a: float, statistics: Any = TransformationStatistics("b")) -> float:  # noqa: B008 - it says whose
        return a

    def odd(a: float, statistics: Any = TransformationStatistics("a")) -> float:  # noqa: B008 - it says whose
        return float(statistics.a.skewness)

    assert code(lambda: udf(float)(none)) == "invalid-arguments"
    assert code(lambda: udf(float)(some)) == "invalid-arguments"
    assert code(lambda: udf(float)(vague)) == "unknown-argument"
    assert code(lambda: udf(float)(unknown)) == "unknown-argument"
    assert code(lambda: udf(float, drop="b")(helping)) == "unknown-argument"
    assert code(lambda: udf(float)(odd)) == "unknown-statistic"
    wrong: Any
    for wrong in (list, "decimal(3,1)", None, [], 1):
        with pytest.raises(HeadraceError) as error:
            udf(wrong)
        assert error.value.code == "invalid-return-types"
    assert code(lambda: udf(float, mode="spark")) == "invalid-mode"  # type: ignore[arg-type] # that is the point
    assert code(lambda: in_kilometres("a", "b")) == "wrong-number-of-columns"
    assert code(lambda: in_kilometres(rows())) == "wrong-number-of-columns"  # type: ignore[arg-type] # that is the point


def written(
    source: str, *, arguments: tuple[str, ...] = ("a",), returns: tuple[str, ...] = ("double",), **how: Any
) -> Any:
    made = TransformationFunction(name="f", source=source, arguments=arguments, return_types=returns, **how)
    return made(*arguments)


@pytest.mark.parametrize(
    "source",
    ["def f(a): return (", "import no_such_module_here\ndef f(a): return a", "1 / 0", "def g(a): return a", ""],
)
def test_a_source_that_does_not_load_is_said_before_anything_is_computed(source: str) -> None:
    assert code(lambda: transformer(written(source))) == "source-does-not-load"


@pytest.mark.parametrize(
    ("source", "how", "expected"),
    [
        ("def f(a): return a[:1]", {"mode": "pandas"}, "wrong-result"),
        ("def f(a): return 1.0", {"mode": "pandas"}, "wrong-result"),
        ("def f(a): return 'abc'", {"mode": "pandas"}, "wrong-result"),
        ("def f(a): return None", {"mode": "pandas"}, "wrong-result"),
        ("def f(a): return 'text'", {"mode": "python"}, "wrong-result"),
        ("def f(a): return (1.0, 2.0)", {"mode": "python"}, "wrong-result"),
        ("def f(a): return 1.0", {"mode": "python", "returns": ("double", "double")}, "wrong-result"),
        ("def f(a): return [a]", {"mode": "pandas", "returns": ("double", "double")}, "wrong-result"),
        ("def f(a): return 2 ** 70", {"mode": "python", "returns": ("bigint",)}, "wrong-result"),
        ("def f(a): return 0.5", {"mode": "python", "returns": ("int",)}, "wrong-result"),
        ("def f(a): return 1", {"mode": "python", "returns": ("boolean",)}, "wrong-result"),
        ("def f(a): return {}['x']", {"mode": "python"}, "transformation-failed"),
        ("def f(a): return a.nothing", {"mode": "python"}, "transformation-failed"),
        (
            "def f(a, statistics): return statistics.a.skew",
            {"mode": "python", "statistics": ("a",)},
            "unknown-statistic",
        ),
        (
            "def f(a, statistics): return statistics.b.mean",
            {"mode": "python", "statistics": ("a",)},
            "unknown-statistic",
        ),
    ],
)
def test_a_function_that_fails_or_returns_something_else_is_named(
    source: str, how: dict[str, Any], expected: str
) -> None:
    with pytest.raises(HeadraceError, match=r"^f ") as error:
        transformer(written(source, **how)).frame(rows())
    assert error.value.code == expected
    assert error.value.details["function"] == "f"


def test_who_wrote_a_function_of_values_is_told_how_frames_can_call_it() -> None:
    with pytest.raises(HeadraceError, match="mode='python' gives it the values"):
        transformer(written("def f(a): return 1.0 if a > 2 else 0.0")).frame(rows())


def test_values_come_back_as_the_types_that_are_declared() -> None:
    when = dt.datetime(2013, 1, 1, tzinfo=dt.UTC)
    sources = {
        "bigint": ("np.int32(7)", 7),
        "double": ("7", 7.0),
        "boolean": ("np.bool_(True)", True),
        "string": ("np.str_('x')", "x"),
        "binary": ("b'x'", b"x"),
        "date": ("dt.date(2013, 1, 1)", dt.date(2013, 1, 1)),
        "timestamp": ("pd.Timestamp('2013-01-01', tz='UTC')", when),
    }
    for kind, (returned, expected) in sources.items():
        source = f"import datetime as dt\nimport numpy as np\nimport pandas as pd\ndef f(a): return {returned}\n"
        (found,) = transformer(written(source, returns=(kind,))).rows([{"a": 1.0}])
        assert found["f_a_"] == expected, kind


def test_an_empty_frame_and_no_vectors_come_back_empty() -> None:
    ready = transformer(in_kilometres("a"), against_the_mean("a", "b"), measured("c"))
    assert ready.rows([]) == []
    found = ready.frame(rows().iloc[:0])
    assert len(found) == 0
    assert [name for name in found.columns if name != "other"] == [feature.name for feature in ready.features]


def test_two_versions_of_a_function_do_not_mix_and_two_outputs_of_one_name_are_refused() -> None:
    first = TransformationFunction(
        name="f", version=1, source="def f(a): return 1.0", arguments=("a",), return_types=("double",)
    )
    second = TransformationFunction(
        name="f", version=2, source="def f(a): return 2.0", arguments=("a",), return_types=("double",)
    )
    (found,) = transformer(first("a"), second("a").alias("g")).rows([{"a": 0.0}])
    assert (found["f_a_"], found["g"]) == (1.0, 2.0)
    assert code(lambda: transformer(first("a"), second("a")).rows([{"a": 0.0}])) == "output-twice"
    assert code(lambda: transformer(first("a").alias("b")).rows([{"a": 0.0}])) == "output-twice"
    assert code(lambda: transformer(first("a")).frame(rows().drop(columns="a"))) == "unknown-transformed-column"


def test_what_an_output_is_made_of_is_known() -> None:
    ready = transformer(in_kilometres("a"), against_the_mean("a", "b"), measured("c"))
    assert ready.takes(["measured_c_1", "b"]) == ["b", "c"]
    assert ready.takes(["against_the_mean_a_b_0"]) == ["a", "b"]
    assert ready.made_of(["a"]) == ["in_kilometres_a_"]
    assert code(lambda: ready.takes(["a"])) == "unknown-input"


VIEW = {
    "name": "delays",
    "version": 1,
    "labels": ["late"],
    "inference_helpers": [],
    "training_helpers": [],
    "root": {"group": "flights", "version": 1, "features": ["a", "b", "late"], "prefix": ""},
    "joins": [],
    "transformations": [
        {"function": "standard_scaler", "version": None, "columns": ["a"], "parameters": "{}", "outputs": []},
        {"function": "label_encoder", "version": None, "columns": ["late"], "parameters": "{}", "outputs": ["code"]},
    ],
}
GROUP = {
    "primary_key": ["b"],
    "columns": [
        {"name": name, "type": kind, "description": ""}
        for name, kind in (("a", "double"), ("b", "bigint"), ("late", "string"))
    ],
}
STATISTICS = {
    "splits": {
        "train": {
            "rows": 3,
            "features": [
                {
                    "name": "a",
                    "nulls": 0,
                    "distinct": 3,
                    "nonfinite": 0,
                    "min": 1.0,
                    "max": 3.0,
                    "mean": 2.0,
                    "std": 0.5,
                }
            ],
        }
    }
}
VECTOR = {
    "features": ["a", "b"],
    "vectors": [{"status": "complete", "values": [3.0, 7], "statuses": ["found", "found"]}],
}


def dataset(*splits: str, statistics: str | None = "0" * 64) -> dict[str, Any]:
    return {
        "view": "delays",
        "view_version": 1,
        "version": 4,
        "phase": "recorded",
        "stored": True,
        "statistics": statistics,
        "splits": [{"name": name, "start": 0, "end": 1} for name in splits],
    }


def test_vectors_are_transformed_once_serving_is_initialised_and_labels_are_none_of_them() -> None:
    answers = [
        (200, GROUP),
        (200, dataset("train", "test", statistics=sha256(json.dumps(STATISTICS).encode()).hexdigest())),
        (200, STATISTICS),
        (200, VECTOR),
    ]
    with answering(*answers) as server, Api(server.url, "key") as api:
        view = FeatureView(api, "flights", VIEW)
        view.init_serving(4)
        assert view.get_feature_vector({"b": 7}) == [7, 2.0]
        assert view.get_feature_vector({"b": 7}, transform=False) == [3.0, 7]
        assert view.get_feature_vector({"b": 7}, return_type="dict") == {"b": 7, "standard_scaler_a_": 2.0}
        in_polars = view.get_feature_vectors([{"b": 7}], return_type="polars")
        assert in_polars.equals(pl.DataFrame({"b": [7], "standard_scaler_a_": [2.0]}))
        assert [feature.name for feature in view.transformed_features] == ["b", "standard_scaler_a_"]
        assert view.transform({"a": 2.0, "b": 1}) == {"b": 1, "standard_scaler_a_": 0.0}
        frame = pd.DataFrame({"a": [2.5], "b": [1], "late": ["yes"]})
        assert view.transform(frame).to_dict("list") == {"b": [1], "late": ["yes"], "standard_scaler_a_": [1.0]}
        assert code(lambda: view.transform([[1.0]])) == "invalid-rows"


def test_vectors_of_a_view_that_transforms_are_not_given_raw_by_accident() -> None:
    with answering((200, GROUP), (200, VECTOR)) as server, Api(server.url, "key") as api:
        view = FeatureView(api, "flights", VIEW)
        assert code(lambda: view.get_feature_vector({"b": 7})) == "serving-not-initialised"


def test_it_is_clear_whose_statistics_count_and_that_there_are_some() -> None:
    for told, expected in (
        (dataset("spring", "summer"), "no-train-split"),
        (dataset("train", statistics=None), "no-statistics"),
    ):
        with answering((200, GROUP), (200, told), (200, told)) as server, Api(server.url, "key") as api:
            assert code(lambda api=api: FeatureView(api, "flights", VIEW).init_serving(4)) == expected


def test_a_function_is_registered_once_however_often_a_view_uses_it() -> None:
    from headrace._feature_store import FeatureStore

    row = {**in_kilometres.body(), "version": 3}
    with answering((200, [{**row, "version": 4, "mode": "pandas"}, row])) as server, Api(server.url, "key") as api:
        store = FeatureStore(api, "flights", lambda *_: None, None)  # type: ignore[arg-type] # nothing is sent
        scaled = builtin_transformations.winsorize("b", lower=0.1)
        bodies = store._transformation_bodies([in_kilometres("a"), scaled])
        assert [asked.method for asked in server.asked] == ["GET"]
        assert code(lambda: store._transformation_bodies([in_kilometres])) == "invalid-transformation"  # type: ignore[list-item] # that is the point
        assert code(lambda: store.create_transformation_function(scaled.function)) == "built-in-function"
    assert bodies == [
        {"function": "in_kilometres", "version": 3, "columns": ["a"], "parameters": "{}", "outputs": []},
        {
            "function": "winsorize",
            "version": None,
            "columns": ["b"],
            "parameters": '{"lower": 0.1, "upper": 0.99}',
            "outputs": [],
        },
    ]
