"""Training datasets: asked for within bounds, then recorded or failed, once."""

import math
from dataclasses import replace

import pytest
from tests.unit.events.scenario import Scenario, fold, project

from headrace_events.errors import NotFound
from headrace_events.feature_view import FeatureViewCreated, GroupSelection
from headrace_events.ids import Micros
from headrace_events.model import TrainedOn, must_be_recorded
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
from headrace_events.training_files import (
    DeleteTrainingDataset,
    PurgeTrainingData,
    RecordTrainingFilesRemoved,
    TrainingDataPurged,
    TrainingDatasetDeleted,
    TrainingFilesRemoved,
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
RANDOM = tuple(
    Split(name=name, start=Micros(0), end=Micros(10), share=share) for name, share in (("train", 0.8), ("test", 0.2))
)
PURGE = PurgeTrainingData(project="flights", view="delays", view_version=1, version=1)
DELETE = DeleteTrainingDataset(project="flights", view="delays", view_version=1, version=1)
REMOVED = RecordTrainingFilesRemoved(project="flights", view="delays", view_version=1, version=1)
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
        ({"seed": 7}, "seed-without-shares"),
        ({"splits": RANDOM, "seed": 1 << 63}, "invalid-seed"),
        ({"splits": (RANDOM[0], TEST)}, "mixed-splits"),
        ({"splits": (RANDOM[0], replace(RANDOM[1], end=Micros(11)))}, "mixed-splits"),
        ({"splits": (RANDOM[0], replace(RANDOM[1], share=0.3))}, "invalid-shares"),
        ({"splits": (replace(RANDOM[0], share=1.2), replace(RANDOM[1], share=-0.2))}, "invalid-shares"),
        ({"splits": (RANDOM[0], replace(RANDOM[1], share=math.nan))}, "invalid-shares"),
        ({"splits": (RANDOM[0], replace(RANDOM[1], name="train"))}, "duplicate-split"),
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
    for wish in (RECORD, FAILURE, REMOVED):
        assert asked().refusal(wish, "user:ada") == "not-yours-to-send"


def made() -> Scenario:
    """A project with a dataset that is there."""
    scenario = asked()
    scenario.events(RECORD, MAKER)
    return scenario


@pytest.mark.parametrize(("given", "kept"), [(None, 0), (7, 7), (-(1 << 63), -(1 << 63))])
def test_random_splits_have_a_seed_whether_it_was_given_or_not(given: int | None, kept: int) -> None:
    (requested,) = viewed().events(replace(CREATE, splits=RANDOM, seed=given))
    assert isinstance(requested, TrainingDatasetRequested)
    assert (requested.splits, requested.seed) == (RANDOM, kept)


def test_purged_data_is_gone_once_and_its_dataset_stays_one() -> None:
    scenario = made()
    assert scenario.refusal(REMOVED, MAKER) == "not-leaving"
    assert scenario.events(PURGE, "user:bob") == [TrainingDataPurged(view="delays", view_version=1, version=1)]
    assert scenario.events(PURGE) == []
    assert scenario.events(REMOVED, MAKER) == [TrainingFilesRemoved(view="delays", view_version=1, version=1)]
    assert scenario.events(REMOVED, MAKER) == []
    assert scenario.world.state(TrainingDatasets, "flights", "delays.1") == TrainingDatasets(
        versions={"1": "purged"}, emptied=(1,)
    )
    must_be_recorded(TrainedOn(view="delays", view_version=1, version=1), "flights", scenario.world)


def test_a_deleted_dataset_is_not_there_and_its_version_stays_taken() -> None:
    scenario = made()
    assert scenario.events(DELETE, "user:bob") == [TrainingDatasetDeleted(view="delays", view_version=1, version=1)]
    assert scenario.refusal(DELETE) == "training-dataset-not-found"
    assert scenario.refusal(PURGE) == "training-dataset-not-found"
    assert scenario.refusal(replace(CREATE, version=1)) == "training-dataset-exists"
    assert [event.version for event in scenario.events(CREATE) if isinstance(event, TrainingDatasetRequested)] == [2]
    with pytest.raises(NotFound):
        must_be_recorded(TrainedOn(view="delays", view_version=1, version=1), "flights", scenario.world)
    assert scenario.events(REMOVED, MAKER) == [TrainingFilesRemoved(view="delays", view_version=1, version=1)]


def test_what_is_being_made_stays_and_what_failed_has_only_itself_to_lose() -> None:
    scenario = asked()
    assert scenario.refusal(PURGE) == scenario.refusal(DELETE) == "still-being-made"
    scenario.events(FAILURE, MAKER)
    assert scenario.refusal(PURGE) == "no-files"
    assert scenario.events(DELETE) == [TrainingDatasetDeleted(view="delays", view_version=1, version=1)]
    assert viewed().refusal(PURGE) == "training-dataset-not-found"
