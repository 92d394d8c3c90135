"""The metrics of a window by name, as alert rules and readers know them."""

from headrace_projections.monitoring.formulas import psi, quantile, ratio
from headrace_projections.monitoring.names import LATENCY, WHOLE
from headrace_projections.monitoring.reference import Reference
from headrace_projections.monitoring.window import Window

EVERY_FEATURE = frozenset({"psi", "null_share"})
"""Metrics of a feature; of a whole deployment they are the highest of its inputs'."""


def takes(metric: str, feature: str, window: Window) -> bool:
    """Whether the record is one that the metric of that feature ('' for the whole deployment) is computed from."""
    if metric == "latency_ms_p95":
        return window.feature == LATENCY
    if metric in EVERY_FEATURE and feature == WHOLE:
        return window.feature != WHOLE and not window.feature.startswith("@")
    return window.feature == feature


def value_of(metric: str, window: Window, reference: Reference) -> float | None:
    """The metric of one record that it is computed from; None where there is nothing to compute it from."""
    match metric:
        case "psi":
            expected = reference.counts.get(window.feature)
            return None if expected is None else psi(expected, window.counts(len(expected)))
        case "null_share":
            return ratio(window.missing, window.count)
        case "count":
            return float(window.count)
        case "latency_ms_p95":
            edges = reference.edges.get(LATENCY, ())
            return quantile(edges, window.counts(len(edges) + 1), 0.95)
        case "error_share":
            return ratio(window.failed, window.count)
        case "accuracy":
            return ratio(window.correct, window.matched)
        case "log_loss":
            return ratio(window.log_loss_sum, window.probabilities)
        case _:
            return None
