"""Training datasets: asked for within bounds, then recorded or failed, once."""

from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, fold, project

from headrace_events.feature_view import FeatureViewCreated, GroupSelection
from headrace_events.ids import Micros
from headrace_events.training_dataset import (
    CreateTrainingDataset,
    DatasetFile,
    RecordTrainingDataset,
    RecordTrainingDatasetFailure,
    Split,
    TrainingDatasetFailed,
    TrainingDatasetRecorded,
    TrainingDatasetRequested,
    TrainingDatasets,
)

TRAIN, TEST = (
    Split(name=name, start=Micros(start), end=Micros(start + 10)) for name, start in (("train", 0), ("test", 10))
)
CREATE = CreateTrainingDataset(project="flights", view="delays", view_version=1, splits=(TRAIN, TEST))
FILE = DatasetFile(split="train", address="flights/a", sha256="a" * 64, size=10, rows=2)
RECORD = RecordTrainingDataset(
    project="flights", view="delays", view_version=1, version=1, files=(FILE,), positions=("t:0:9",), hash="b" * 64
)
FAILURE = RecordTrainingDatasetFailure(project="flights", view="delays", view_version=1, version=1, reason="no rows")
MAKER = "system:training-datasets"


def viewed() -> Scenario:
    """A project with a view."""
    scenario = project()
    root = GroupSelection(group="flights", version=1, features=("late",))
    fold(
        scenario,
        "flights",
        FeatureViewCreated(name="delays", version=1, description="", root=root, joins=(), labels=("late",)),
    )
    return scenario


def asked() -> Scenario:
    """A project with a dataset that is being made."""
    scenario = viewed()
    scenario.events(CREATE)
    return scenario


def test_a_scientist_asks_for_a_dataset_and_gets_the_next_version() -> None:
    scenario = viewed()
    for version in (1, 2):
        assert scenario.events(CREATE, "user:bob") == [
            TrainingDatasetRequested(
                view="delays", view_version=1, version=version, splits=(TRAIN, TEST), positions=(), format="parquet"
            )
        ]
    assert scenario.refusal(replace(CREATE, version=2)) == "training-dataset-exists"


def test_the_positions_of_an_earlier_one_go_along() -> None:
    (requested,) = viewed().events(replace(CREATE, positions=("t:0:9",), format="csv"))
    assert isinstance(requested, TrainingDatasetRequested)
    assert (requested.positions, requested.format) == (("t:0:9",), "csv")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"view": "none"}, "feature-view-not-found"),
        ({"view_version": 2}, "feature-view-not-found"),
        ({"splits": ()}, "no-splits"),
        ({"splits": (replace(TRAIN, end=Micros(0)),)}, "empty-split"),
        ({"splits": (TEST, replace(TRAIN, end=Micros(11)))}, "splits-overlap"),
        ({"splits": (TRAIN, replace(TEST, name="train"))}, "duplicate-split"),
        ({"format": "xml"}, "unknown-format"),
        ({"version": 0}, "invalid-version"),
    ],
)
def test_a_dataset_is_refused_for(change: dict[str, object], code: str) -> None:
    assert viewed().refusal(replace(CREATE, **change)) == code  # type: ignore[arg-type] # one field each


def test_what_was_asked_for_is_recorded_once() -> None:
    scenario = asked()
    assert scenario.events(RECORD, MAKER) == [
        TrainingDatasetRecorded(
            view="delays", view_version=1, version=1, files=(FILE,), positions=("t:0:9",), hash="b" * 64
        )
    ]
    assert scenario.refusal(RECORD, MAKER) == "not-requested"
    assert scenario.refusal(FAILURE, MAKER) == "not-requested"


def test_what_failed_is_not_recorded_afterwards() -> None:
    scenario = asked()
    assert scenario.events(FAILURE, MAKER) == [
        TrainingDatasetFailed(view="delays", view_version=1, version=1, reason="no rows")
    ]
    assert scenario.refusal(RECORD, MAKER) == "not-requested"
    assert scenario.world.state(TrainingDatasets, "flights", "delays.1") == TrainingDatasets(versions={"1": "failed"})


def test_nothing_is_recorded_that_nobody_asked_for() -> None:
    assert viewed().refusal(RECORD, MAKER) == "not-requested"
    assert asked().refusal(replace(RECORD, version=2), MAKER) == "not-requested"


def test_only_the_maker_says_what_was_made() -> None:
    for wish in (RECORD, FAILURE):
        assert asked().refusal(wish, "user:ada") == "not-yours-to-send"
