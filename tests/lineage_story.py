"""One story from topics to predictions, as the commands that tell it."""

from __future__ import annotations

from headrace_events.deployment import CreateDeployment, RecordDeploymentReady
from headrace_events.feature_group import CreateFeatureGroup
from headrace_events.feature_view import CreateFeatureView, GroupSelection, Join, KeyPair
from headrace_events.ids import Micros
from headrace_events.language import Command
from headrace_events.model import CreateModelVersion, TrainedOn
from headrace_events.row_schema import Column
from headrace_events.searchspace import Dimension
from headrace_events.study import CreateStudy, Halving, ReportRung, StartTrial
from headrace_events.training_dataset import CreateTrainingDataset, DatasetFile, RecordTrainingDataset, Split

OWNER = "user:ada"
SCIENTIST = "user:bob"
PROGRAM = "5f" * 32
ARTIFACT = "a7" * 32
ENVIRONMENT = ("scikit-learn==1.7.2", "numpy==2.4.1")
TRAINED_ON = TrainedOn(view="late_flights", view_version=1, version=1)


def features(project: str) -> list[tuple[str, Command]]:
    """The owner makes two groups; the scientist a view of them and a training dataset."""
    return [
        (
            OWNER,
            CreateFeatureGroup(
                project=project,
                name="weather",
                description="Hourly observations at each airport",
                columns=(
                    Column(name="origin", type="string"),
                    Column(name="observed_at", type="timestamp"),
                    Column(name="wind_gust", type="double", description="strongest gusts, in knots"),
                ),
                primary_key=("origin",),
                event_time="observed_at",
            ),
        ),
        (
            OWNER,
            CreateFeatureGroup(
                project=project,
                name="scheduled_flights",
                description="What is known of a flight at its scheduled departure",
                columns=(
                    Column(name="flight_id", type="string"),
                    Column(name="origin", type="string"),
                    Column(name="departs_at", type="timestamp"),
                    Column(name="late", type="boolean"),
                ),
                primary_key=("flight_id",),
                event_time="departs_at",
            ),
        ),
        (
            SCIENTIST,
            CreateFeatureView(
                project=project,
                name="late_flights",
                description="Flights with the weather known at departure",
                root=GroupSelection(group="scheduled_flights", version=1, features=("flight_id", "late")),
                joins=(
                    Join(
                        selection=GroupSelection(group="weather", version=1, features=("wind_gust",)),
                        on=(KeyPair(left="origin", right="origin"),),
                    ),
                ),
                labels=("late",),
            ),
        ),
        (
            SCIENTIST,
            CreateTrainingDataset(
                project=project,
                view="late_flights",
                view_version=1,
                splits=(Split(name="train", start=Micros(0), end=Micros(10)),),
            ),
        ),
        (
            "system:training-datasets",
            RecordTrainingDataset(
                project=project,
                view="late_flights",
                view_version=1,
                version=1,
                files=(DatasetFile(split="train", address="a" * 64, sha256="a" * 64, size=10, rows=1200),),
                positions=(),
                hash="d" * 64,
            ),
        ),
    ]


def experiment(project: str, study: str) -> list[tuple[str, Command]]:
    """A study of two trials."""
    return [
        (
            SCIENTIST,
            CreateStudy(
                project=project,
                study=study,
                name="delay_search",
                description="Boosted trees for lateness",
                program=PROGRAM,
                program_name="train_boosted_trees",
                environment=ENVIRONMENT,
                searchspace=(Dimension(name="learning_rate", kind="double", values=("0.01", "0.3")),),
                trials=2,
                metric="auc",
                halving=Halving(rungs=1),
                trained_on=TRAINED_ON,
            ),
        ),
        *(
            (
                "system:studies",
                StartTrial(project=project, study=study, trial=number, parameters={"learning_rate": f"0.{number + 1}"}),
            )
            for number in range(2)
        ),
        *(
            (
                "system:studies",
                ReportRung(project=project, study=study, trial=number, rung=0, steps=1, metric=0.7 + number / 10),
            )
            for number in range(2)
        ),
    ]


def serving(project: str, study: str) -> list[tuple[str, Command]]:
    """The best trial as a model version, deployed."""
    return [
        (
            SCIENTIST,
            CreateModelVersion(
                project=project,
                name="delay",
                description="Is the flight more than a quarter of an hour late?",
                framework="sklearn",
                artifact=ARTIFACT,
                metrics={"auc": 0.8},
                inputs=("wind_gust",),
                trained_on=TRAINED_ON,
                study=study,
                trial=1,
                program=PROGRAM,
                environment=tuple(reversed(ENVIRONMENT)),
            ),
        ),
        (OWNER, CreateDeployment(project=project, name="delays_live", model="delay", model_version=1)),
        ("system:serving", RecordDeploymentReady(project=project, name="delays_live")),
    ]


def whole(project: str, study: str) -> list[tuple[str, Command]]:
    """All of it."""
    return [*features(project), *experiment(project, study), *serving(project, study)]
