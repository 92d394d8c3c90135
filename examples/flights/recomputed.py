"""What was served, computed again by point-in-time join from the offline store."""

import math
import random
from typing import Any

from flights.features import HALF
from flights.logged import predictions
from flights.program import NUMBERS, TEXTS
from flights.stage import Stage
from headrace import FeatureView

SAMPLE = 100


def compare(stage: Stage, view: FeatureView) -> int:
    """Compare the logged inputs of some predictions with training data made now; a difference is an AssertionError."""
    _, dataset = view.create_training_data(HALF, stage.extent.until, show_progress=False)
    frame = dataset.read("train", primary_key=True)
    rows = {row["_key_flight_id"]: row for row in frame.to_dict("records")}
    logged = [one for one in predictions(stage).values() if one["entity"].get("flight_id") in rows]
    chosen = random.Random(100).sample(logged, SAMPLE)  # noqa: S311 - a sample, not a secret
    for prediction in chosen:
        row = rows[prediction["entity"]["flight_id"]]
        served = {**prediction["numbers"], **prediction["texts"]}
        for name in (*NUMBERS, *TEXTS):
            if not _equal(served.get(name), row[name]):
                raise AssertionError(
                    f"{prediction['inference_id']}: {name} was served as {served.get(name)}, is {row[name]}"
                )
    return len(chosen)


def _equal(served: Any, stored: Any) -> bool:
    missing = stored is None or (isinstance(stored, float) and math.isnan(stored))
    return served is None if missing else bool(served == stored)
