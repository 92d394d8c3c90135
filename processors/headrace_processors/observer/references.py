"""The reference of a monitor: bins of its values, and what the training data holds in them."""

from collections.abc import Mapping

import numpy as np

from headrace_processors.observer.binning import (
    LATENCY_EDGES,
    Floats,
    counts,
    even_edges,
    missing,
    quantile_edges,
)
from headrace_processors.observer.known import Watched
from headrace_projections.monitoring.names import LATENCY, PREDICTION
from headrace_projections.monitoring.reference import Reference


def reference_of(watched: Watched, columns: Mapping[str, Floats], problem: str | None = None) -> Reference:
    """The reference from the numeric columns of the training data (empty where there is a `problem`).

    Numeric inputs get edges at quantiles. Predictions of a model with a numeric label are compared with that label;
    those of a classifier, whose label has two values, lie in even bins of [0, 1] with nothing to compare with, for the
    model's own output on its training data is not recorded. Latency has fixed bins.
    """
    inputs = {name: columns[name] for name in watched.inputs if name in columns}
    label = columns.get(watched.label) if watched.label else None
    edges = {name: quantile_edges(values, watched.bins) for name, values in inputs.items()}
    held = {name: counts(values, edges[name]) for name, values in inputs.items()}
    if label is not None and np.unique(label[np.isfinite(label)]).size > 2:
        edges[PREDICTION] = quantile_edges(label, watched.bins)
        held[PREDICTION] = counts(label, edges[PREDICTION])
    else:
        edges[PREDICTION] = even_edges(watched.bins)
    edges[LATENCY] = LATENCY_EDGES
    return Reference(
        project=watched.project,
        deployment=watched.deployment,
        model=watched.model,
        model_version=watched.model_version,
        window_seconds=watched.window_seconds,
        edges=edges,
        counts=held,
        missing={name: missing(values) for name, values in inputs.items()},
        rows=max((values.size for values in columns.values()), default=0),
        problem=problem,
        source=watched.source,
    )
