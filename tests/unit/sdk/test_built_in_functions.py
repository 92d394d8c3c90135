"""Built-in transformation functions: each against a slow, obvious formula, or what scikit-learn and pandas compute."""

from __future__ import annotations

import bisect
import math
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler
from tests.unit.dataset_vectors import table

from headrace import Feature, HeadraceError, TransformationFunction, Transformer, builtin_transformations
from headrace import _built_in_transformations as built_in
from headrace._built_in_functions import BUILT_IN
from headrace._training_statistics import FeatureStatistics, statistics_of
from headrace._transformation_function import Transformation
from headrace_events.built_in_functions import BUILT_IN as KNOWN
from headrace_processors.training.statistics import DatasetStatistics

Values = list[float | None]

some = st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 3)), min_size=1, max_size=60)
missing = st.sampled_from([None, math.nan])
asked = st.lists(st.floats(-2e6, 2e6) | missing, max_size=20)
words = st.sampled_from(["", "a", "b", "B", "ß", "long name"])


def learnt(kind: str, values: list[Any]) -> FeatureStatistics:
    """The statistics that the platform keeps of a column of these values."""
    data = table({"x": kind}, [[value] for value in values])
    made = DatasetStatistics(data.schema)
    list(made.split("train", data.to_batches()))
    return statistics_of(made.summary())["train"]["x"]


def applied(one: Transformation, kind: str, train: list[Any], values: list[Any]) -> pd.DataFrame:
    """What comes out of the values, after the training data had those of `train`."""
    transformer = Transformer([one], [Feature("x", kind)], {"x": learnt(kind, train)})
    rows = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    before = rows.copy(deep=True)
    out: pd.DataFrame = transformer.frame(rows)
    pd.testing.assert_frame_equal(rows, before)
    by_row = transformer.rows([{"x": value} for value in values])
    assert [list(row) for row in by_row] == [list(out.columns)] * len(values)
    for name in out.columns:
        assert list(map(same, out[name])) == list(map(same, (row[name] for row in by_row)))
    return out


def same(value: Any) -> Any:
    return None if value is None or value != value else value  # noqa: PLR0124 - NaN


def only(out: pd.DataFrame) -> list[Any]:
    (name,) = out.columns
    return [same(value) for value in out[name].tolist()]


def percentiles(train: list[float]) -> list[float]:
    """The values at ranks 0 to 1; between two of them, their middle. There are too few for a sketch to estimate."""
    ordered, count = sorted(train), len(train)
    ends = [
        (ordered[max(0, math.ceil(rank / 100 * count) - 1)], ordered[min(int(rank / 100 * count), count - 1)])
        for rank in range(101)
    ]
    return [(low + high) / 2 for low, high in ends]


def between(known: list[float], rank: float) -> float:
    """In a straight line between percentiles."""
    place = rank * 100
    below = min(int(place), 99)
    return known[below] + (known[below + 1] - known[below]) * (place - below)


def each(formula: Callable[[float], float], values: Values) -> Values:
    return [None if value is None or math.isnan(value) else formula(value) for value in values]


def near(found: list[Any], expected: list[Any]) -> bool:
    as_numbers = [[math.nan if value is None else value for value in values] for values in (found, expected)]
    return as_numbers[0] == pytest.approx(as_numbers[1], rel=1e-7, abs=1e-7, nan_ok=True)


def test_the_platform_and_the_sdk_know_the_same_functions() -> None:
    assert list(KNOWN) == list(BUILT_IN) == list(built_in.BUILT_IN) == built_in.__all__
    assert builtin_transformations is built_in
    assert all(callable(getattr(built_in, name)) for name in KNOWN)


@settings(max_examples=25)
@given(train=some, values=asked)
def test_scalers_are_those_of_scikit_learn(train: list[float], values: Values) -> None:
    def fitted(scaler: Any) -> Values:
        scaler.fit(np.array(train).reshape(-1, 1))
        if not values:
            return []
        given_values = np.array([math.nan if value is None else value for value in values])
        return [same(value) for value in scaler.transform(given_values.reshape(-1, 1))[:, 0].tolist()]

    constant = len(set(train)) == 1
    if constant or np.ptp(train) > 1e-3:
        assert near(only(applied(built_in.min_max_scaler("x"), "double", train, values)), fitted(MinMaxScaler()))
    if constant or np.std(train) > 1e-3:
        of_a_sample = 1.0 if constant else math.sqrt((len(train) - 1) / len(train))
        expected = [None if value is None else value * of_a_sample for value in fitted(StandardScaler())]
        assert near(only(applied(built_in.standard_scaler("x"), "double", train, values)), expected)


@given(values=asked)
def test_the_robust_scaler_is_that_of_scikit_learn_where_percentiles_are_values(values: Values) -> None:
    train = [float(number) for number in range(101)]
    scaler = RobustScaler().fit(np.array(train).reshape(-1, 1))
    expected = each(lambda value: float(scaler.transform([[value]])[0, 0]), values)
    assert near(only(applied(built_in.robust_scaler("x"), "double", train, values)), expected)


@settings(max_examples=25)
@given(train=some, values=asked)
def test_numbers_are_scaled_ranked_and_bounded_by_their_percentiles(train: list[float], values: Values) -> None:
    known = percentiles(train)
    spread = between(known, 0.75) - between(known, 0.25)

    def robust(value: float) -> float:
        return (value - between(known, 0.5)) / (spread or 1.0)

    def rank(value: float) -> float:
        return sum(one <= value for one in known) / 101

    def middle(value: float) -> float:
        def one_side(points: list[tuple[float, float]]) -> float:
            if value <= points[0][0]:
                return points[0][1]
            for (left, low), (right, high) in pairwise(points):
                if left < value <= right:
                    return low + (high - low) * (value - left) / (right - left)
            return points[-1][1]

        lowest = {one: index / 100 for index, one in reversed(list(enumerate(known)))}
        highest = {one: index / 100 for index, one in enumerate(known)}
        if value in lowest:
            return (lowest[value] + highest[value]) / 2
        if not known[0] < value < known[-1]:
            return float(value > known[-1])
        below = max(one for one in known if one < value)
        above = min(one for one in known if one > value)
        return one_side([(below, highest[below]), (above, lowest[above])])

    def clipped(value: float) -> float:
        return min(max(value, between(known, 0.05)), between(known, 0.9))

    inside = [*values, *train]
    for one, formula in [
        (built_in.robust_scaler("x"), robust),
        (built_in.rank_normalizer("x"), rank),
        (built_in.quantile_transformer("x"), middle),
        (built_in.winsorize("x", lower=0.05, upper=0.9), clipped),
    ]:
        assert near(only(applied(one, "double", train, inside)), each(formula, inside)), one.function.name


@settings(max_examples=25)
@given(train=some, values=asked, bins=st.integers(2, 12))
def test_bins_are_those_of_pandas(train: list[float], values: Values, bins: int) -> None:
    def bin_of(edges: list[float]) -> Callable[[float], float]:
        inner = sorted(set(edges))[1:-1]
        return lambda value: float(bisect.bisect_left(inner, value))

    inside, known = [*values, *train], percentiles(train)
    width = (max(train) - min(train)) / bins
    edges = [min(train) + width * number for number in range(bins)] + [max(train)]
    by_width = only(applied(built_in.equal_width_binner("x", bins=bins), "double", train, inside))
    off_edge = [
        index
        for index, value in enumerate(inside)
        if value is None or math.isnan(value) or min(abs(edge - value) for edge in edges) > 1e-6
    ]
    expected = each(bin_of(edges), inside)
    assert [by_width[index] for index in off_edge] == [expected[index] for index in off_edge]
    for one, count in ((built_in.equal_frequency_binner("x", bins=bins), bins), (built_in.quantile_binner("x"), 4)):
        quantiles = [between(known, number / count) for number in range(count + 1)]
        found = only(applied(one, "double", train, inside))
        off_edge = [
            index
            for index, value in enumerate(inside)
            if value is None or math.isnan(value) or not any(0 < abs(edge - value) < 1e-6 for edge in quantiles)
        ]
        expected = each(bin_of(quantiles), inside)
        assert [found[index] for index in off_edge] == [expected[index] for index in off_edge]


def test_bins_of_many_values_are_as_pandas_cuts_them() -> None:
    train = [float(number) for number in range(101)]
    expected = pd.cut(pd.Series(train), 8, labels=False).tolist()
    assert only(applied(built_in.equal_width_binner("x", bins=8), "double", train, train)) == expected
    expected = pd.qcut(pd.Series(train), 5, labels=False).tolist()
    assert only(applied(built_in.equal_frequency_binner("x", bins=5), "double", train, train)) == expected


@given(values=asked)
def test_logarithms_are_natural_and_of_positive_numbers_only(values: Values) -> None:
    expected = each(lambda value: math.log(value) if value > 0 else math.nan, values)
    expected = [same(value) for value in expected]
    assert near(only(applied(built_in.log_transform("x"), "double", [1.0], values)), expected)


@given(train=st.lists(words | st.none(), max_size=30), values=st.lists(words | st.none() | st.just("new"), max_size=10))
def test_texts_are_encoded_in_their_order_and_unseen_ones_are_none_of_them(
    train: list[str | None], values: list[str | None]
) -> None:
    seen = sorted({value for value in train if value is not None})
    codes = [seen.index(value) if value in seen else -1 for value in values]
    assert only(applied(built_in.label_encoder("x"), "string", train, values)) == codes
    out = applied(built_in.one_hot_encoder("x"), "string", train, values)
    assert list(out.columns) == [f"one_hot_encoder_x_{number}" for number in range(len(seen))]
    if seen and values:
        encoder = OneHotEncoder(categories=[seen], handle_unknown="ignore", sparse_output=False)
        encoder.fit([[value] for value in seen])
        expected = encoder.transform([["\0" if value is None else value] for value in values])
        assert out.to_numpy().astype(float).tolist() == expected.tolist()
    ordered = sorted(Counter(value for value in train if value is not None).items(), key=lambda one: (-one[1], one[0]))
    top = {value for value, _ in ordered[:2]}
    kept = [value if value is None or value in top else "Other" for value in values]
    assert only(applied(built_in.top_k_categorical_binner("x", k=2), "string", train, values)) == kept
    filled = ["missing" if value is None else value for value in values]
    assert only(applied(built_in.impute_category("x"), "string", train, values)) == filled
    if seen:
        most = ordered[0][0]
        imputed = [most if value is None else value for value in values]
        assert only(applied(built_in.impute_mode("x"), "string", train, values)) == imputed


@settings(max_examples=25)
@given(train=some, values=asked)
def test_what_is_missing_is_filled_with_the_mean_the_median_or_a_constant(train: list[float], values: Values) -> None:
    def filled(with_: float) -> list[float]:
        return [with_ if value is None or math.isnan(value) else value for value in values]

    with_gaps = [*train, None, math.nan]
    assert near(only(applied(built_in.impute_mean("x"), "double", with_gaps, values)), filled(float(np.mean(train))))
    assert near(
        only(applied(built_in.impute_median("x"), "double", with_gaps, values)),
        filled(between(percentiles(train), 0.5)),
    )
    assert only(applied(built_in.impute_constant("x", -1.5), "double", with_gaps, values)) == filled(-1.5)


def test_huge_integers_are_told_apart_where_they_are_categories() -> None:
    train = [2**63 - 1, 2**63 - 2, -(2**63), None]
    assert only(applied(built_in.label_encoder("x"), "bigint", train, train)) == [2, 1, 0, -1]
    assert only(applied(built_in.impute_mode("x"), "bigint", [2**62 + 1] * 2 + train, train)) == [
        2**63 - 1,
        2**63 - 2,
        -(2**63),
        2**62 + 1,
    ]
    scaled = only(applied(built_in.min_max_scaler("x"), "bigint", train, train))
    assert scaled == [1, 1, 0, None]


def test_booleans_are_categories() -> None:
    assert only(applied(built_in.label_encoder("x"), "boolean", [True, False], [True, False, None])) == [1, 0, -1]
    assert only(applied(built_in.impute_mode("x"), "boolean", [True, False, True], [None, False])) == [True, False]


@pytest.mark.parametrize("name", [name for name, one in BUILT_IN.items() if one.learns])
def test_what_the_training_data_did_not_have_is_asked_for_only_where_there_is_something_to_do(name: str) -> None:
    one = Transformation(function=TransformationFunction(name=name, drop=("feature",)), columns=("x",))
    kind = "string" if "string" in KNOWN[name].takes else "double"
    value: Any = "a" if kind == "string" else 1.0
    fills = name.startswith("impute")
    nothing_to_do = [value] if fills else [None]
    for train in ([], [None, None]):
        assert len(applied(one, kind, train, [])) == 0
        assert len(applied(one, kind, train, nothing_to_do)) == 1
        if name in {"label_encoder", "one_hot_encoder", "top_k_categorical_binner"}:
            continue
        with pytest.raises(HeadraceError) as error:
            applied(one, kind, train, [None] if fills else [value])
        assert error.value.code == "no-statistic"


def test_more_categories_than_are_kept_are_not_encoded_but_the_most_frequent_are_known() -> None:
    rare = [f"rare {number}" for number in range(1_500)]
    train = ["JFK"] * 400 + rare + ["LGA"] * 300
    for one in (built_in.label_encoder("x"), built_in.one_hot_encoder("x")):
        with pytest.raises(HeadraceError) as error:
            applied(one, "string", train, ["JFK"])
        assert error.value.code == "too-many-categories"
    top = built_in.top_k_categorical_binner("x", k=2)
    assert only(applied(top, "string", train, ["JFK", "LGA", "rare 7"])) == ["JFK", "LGA", "Other"]
    with pytest.raises(HeadraceError) as error:
        applied(built_in.label_encoder("x"), "bigint", list(range(1_001)), [1])
    assert error.value.code == "too-many-categories"


def test_no_built_in_function_returns_another_type_than_it_says() -> None:
    of: Mapping[str, tuple[type, ...]] = {"double": (float,), "bigint": (int,), "boolean": (bool,), "string": (str,)}
    for name, one in BUILT_IN.items():
        kind = "string" if "string" in KNOWN[name].takes else "double"
        values: list[Any] = ["a", "b"] if kind == "string" else [1.0, 2.5]
        parameters = {"value": values[0]} if name == "impute_constant" else {}
        transformation = Transformation(
            function=TransformationFunction(name=name, drop=("feature",)), columns=("x",), parameters=parameters
        )
        for row in Transformer([transformation], [Feature("x", kind)], {"x": learnt(kind, values)}).rows(
            [{"x": value} for value in values]
        ):
            assert all(type(value) in of[one.returns or kind] for value in row.values()), name
