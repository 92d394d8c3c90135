"""A process of its own that makes a training dataset again.

python -m flights.remake VIEW VIEW_VERSION DATASET_VERSION same|shorter
"""

import json
import sys
from datetime import timedelta

import headrace
from flights.data import day
from flights.features import HALF
from flights.training import SPLIT


def main(name: str, view_version: str, dataset_version: str, how: str) -> None:
    """Make it from the same positions, or with another bound; print the hash, and the hash computed from the files."""
    view = headrace.login().get_feature_store().get_feature_view(name, int(view_version))
    if how == "same":
        dataset = view.recreate_training_dataset(int(dataset_version))
    else:
        end = HALF - timedelta(days=7)
        _, dataset = view.create_train_test_split(train_start=day(1, 1), train_end=SPLIT, test_end=end)
    print(json.dumps({"hash": dataset.manifest.hash, "recomputed": dataset.recompute_hash()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
