"""The transformation functions that are built in; applied to a column, they make a transformation of a view.

`docs/transformations.md` says what each computes.
"""

from __future__ import annotations

from headrace._transformation_function import Transformation, TransformationFunction


def _plain(name: str) -> TransformationFunction:
    return TransformationFunction(name=name, drop=("feature",))


min_max_scaler = _plain("min_max_scaler")
standard_scaler = _plain("standard_scaler")
robust_scaler = _plain("robust_scaler")
log_transform = _plain("log_transform")
quantile_binner = _plain("quantile_binner")
quantile_transformer = _plain("quantile_transformer")
rank_normalizer = _plain("rank_normalizer")
label_encoder = _plain("label_encoder")
one_hot_encoder = _plain("one_hot_encoder")
impute_mean = _plain("impute_mean")
impute_median = _plain("impute_median")
impute_mode = _plain("impute_mode")


def equal_width_binner(feature: str, bins: int = 10) -> Transformation:
    """The number of one of `bins` bins of equal width between the least and the greatest value."""
    return _plain("equal_width_binner")(feature, bins=bins)


def equal_frequency_binner(feature: str, bins: int = 10) -> Transformation:
    """The number of one of `bins` bins between percentiles, each with about as many values."""
    return _plain("equal_frequency_binner")(feature, bins=bins)


def winsorize(feature: str, lower: float = 0.01, upper: float = 0.99) -> Transformation:
    """The value, or that at the `lower` or `upper` rank where it is beyond."""
    return _plain("winsorize")(feature, lower=lower, upper=upper)


def top_k_categorical_binner(feature: str, k: int = 10) -> Transformation:
    """The text where it is one of the `k` most frequent, else `Other`."""
    return _plain("top_k_categorical_binner")(feature, k=k)


def impute_constant(feature: str, value: float | str) -> Transformation:
    """The value, or the constant where it is missing."""
    return _plain("impute_constant")(feature, value=value)


def impute_category(feature: str, value: str = "missing") -> Transformation:
    """The text, or a category of its own where it is missing."""
    return _plain("impute_category")(feature, value=value)


BUILT_IN = (
    "min_max_scaler",
    "standard_scaler",
    "robust_scaler",
    "log_transform",
    "equal_width_binner",
    "equal_frequency_binner",
    "quantile_binner",
    "quantile_transformer",
    "rank_normalizer",
    "winsorize",
    "label_encoder",
    "one_hot_encoder",
    "top_k_categorical_binner",
    "impute_mean",
    "impute_median",
    "impute_mode",
    "impute_constant",
    "impute_category",
)
"""Their names."""

__all__ = [*BUILT_IN]  # noqa: PLE0604 - names, all of them
