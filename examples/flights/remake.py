"""A process of its own that makes a training dataset again.

python -m flights.remake VIEW VIEW_VERSION DATASET_VERSION same|shorter
"""

import json
import sys
from datetime import UTC, datetime, timedelta

import headrace

SHORTER = timedelta(days=2)
"""The last day of the dataset has no arrivals yet, so that leaving out one would change nothing."""


def main(name: str, view_version: str, dataset_version: str, how: str) -> None:
    """Make it from the same positions, or with another bound; print the hash, and the hash computed from the files."""
    view = headrace.login().get_feature_store().get_feature_view(name, int(view_version))
    if how == "same":
        dataset = view.recreate_training_dataset(int(dataset_version))
    else:
        train, test = view.get_training_dataset(int(dataset_version)).splits
        _, dataset = view.create_train_test_split(
            train_start=_moment(train.start), train_end=_moment(train.end), test_end=_moment(test.end) - SHORTER
        )
    print(json.dumps({"hash": dataset.manifest.hash, "recomputed": dataset.recompute_hash()}))


def _moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


if __name__ == "__main__":
    main(*sys.argv[1:])
