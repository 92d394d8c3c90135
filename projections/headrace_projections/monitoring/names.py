"""Values that are monitored beside the inputs of a model. No column can have such a name."""

PREDICTION = "@prediction"
LATENCY = "@latency_ms"

WHOLE = ""
"""In the place of a feature: the whole window."""

UNMATCHED = "@unmatched_outcomes"
"""In the place of a feature: outcomes of the project that have no prediction yet."""
