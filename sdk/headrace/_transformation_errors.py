"""What can be wrong with a transformation when it meets its rows."""

from __future__ import annotations

from headrace._errors import Invalid


def no_statistic(function: str, column: str, statistic: str) -> Invalid:
    """Of what the function needs of a column, the training data had nothing."""
    return Invalid(
        f"{function} needs {statistic} of {column!r}, and the training data has none: no values there, or too large"
        " ones; datasets of earlier releases have none either, and recreate_training_dataset makes it",
        code="no-statistic",
        details={"function": function, "column": column, "statistic": statistic},
    )


def too_many_categories(function: str, column: str) -> Invalid:
    """Encoding them would take each of them, and not all are kept."""
    return Invalid(
        f"{column!r} has more categories than are kept of a training dataset, so {function} cannot encode it: "
        "top_k_categorical_binner takes the most frequent ones",
        code="too-many-categories",
        details={"function": function, "column": column},
    )


def function_failed(function: str, error: Exception, *, hint: str = "") -> Invalid:
    """A member's function raised something."""
    return Invalid(
        f"{function} raised {type(error).__name__}: {error}"[:1_000] + hint,
        code="transformation-failed",
        details={"function": function},
    )


def unknown_statistic(function: str, name: str) -> Invalid:
    """A member's function asked for a statistic that is not kept."""
    return Invalid(
        f"{function} reads the statistic {name!r}, which is none: there are count, nulls, distinct, min, max, mean, "
        "std, percentiles, categories, unique_values and histogram, of arguments that TransformationStatistics names",
        code="unknown-statistic",
        details={"function": function, "statistic": name},
    )


def wrong_result(function: str, why: str) -> Invalid:
    """A member's function returned something else than it declares."""
    return Invalid(f"{function} {why}", code="wrong-result", details={"function": function})
