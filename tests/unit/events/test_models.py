"""Model versions: numbered once, and only with what can be believed."""

from dataclasses import replace

import pytest
from tests.unit.events.scenario import fold, project

from headrace_events.model import CreateModelVersion, Model, ModelVersionCreated, TrainedOn, evolve
from headrace_events.training_dataset import TrainingDatasetFailed, TrainingDatasetRecorded, TrainingDatasetRequested

CREATE = CreateModelVersion(
    project="flights",
    name="late",
    description="Will it be late?",
    framework="sklearn",
    artifact="a" * 64,
    metrics={"auc": 0.75},
    inputs=("distance", "wind"),
    study="s1",
    trial=3,
    program="b" * 64,
    environment=("python==3.11.7",),
)
ON = TrainedOn(view="delays", view_version=1, version=2)
ASKED = TrainingDatasetRequested(view="delays", view_version=1, version=2, splits=(), positions=(), format="parquet")
MADE = TrainingDatasetRecorded(view="delays", view_version=1, version=2, files=(), positions=(), hash="c" * 64)
FAILED = TrainingDatasetFailed(view="delays", view_version=1, version=2, reason="no rows")


def test_a_version_is_created_with_everything_that_went_into_it() -> None:
    assert project().events(CREATE, "user:bob") == [
        ModelVersionCreated(
            name="late",
            version=1,
            description="Will it be late?",
            framework="sklearn",
            artifact="a" * 64,
            metrics={"auc": 0.75},
            inputs=("distance", "wind"),
            study="s1",
            trial=3,
            program="b" * 64,
            environment=("python==3.11.7",),
        )
    ]


def test_versions_go_up_from_the_highest_and_are_never_used_again() -> None:
    scenario = project()
    for asked, given in ((None, 1), (5, 5), (None, 6), (2, 2), (None, 7)):
        (created,) = scenario.events(replace(CREATE, version=asked))
        assert isinstance(created, ModelVersionCreated)
        assert created.version == given
    assert scenario.refusal(replace(CREATE, version=5)) == "model-exists"


def test_it_learns_only_from_a_dataset_that_has_been_made() -> None:
    scenario = project()
    trained = replace(CREATE, trained_on=ON)
    assert scenario.refusal(trained) == "training-dataset-not-found"
    fold(scenario, "flights", ASKED)
    assert scenario.refusal(trained) == "training-dataset-not-found"
    fold(scenario, "flights", MADE)
    (created,) = scenario.events(trained)
    assert isinstance(created, ModelVersionCreated)
    assert created.trained_on == ON


def test_it_learns_from_no_dataset_that_could_not_be_made() -> None:
    scenario = project()
    for event in (ASKED, FAILED):
        fold(scenario, "flights", event)
    assert scenario.refusal(replace(CREATE, trained_on=ON)) == "training-dataset-not-found"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "la/te"}, "invalid-name"),
        ({"version": 0}, "invalid-version"),
        ({"metrics": {"auc": float("nan")}}, "non-finite-number"),
        ({"metrics": {"auc": 0.5, "loss": float("inf")}}, "non-finite-number"),
        ({"artifact": "a" * 63}, "invalid-artifact"),
    ],
)
def test_a_version_is_refused_for(change: dict[str, object], code: str) -> None:
    assert project().refusal(replace(CREATE, **change)) == code  # type: ignore[arg-type] # one field each


def test_a_stranger_learns_of_no_project() -> None:
    assert project().refusal(CREATE, "user:eve") == "project-not-found"


def test_what_is_kept_of_a_model_is_the_artifact_of_each_version() -> None:
    scenario = project()
    created = [
        *scenario.events(CREATE),
        *scenario.events(replace(CREATE, artifact="d" * 64)),
    ]
    state: Model | None = None
    for fact in created:
        state = evolve(state, fact)
    assert state == Model(versions={"1": "a" * 64, "2": "d" * 64})
