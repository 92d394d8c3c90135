"""The model registry: versions with everything that went into them."""

from collections.abc import Mapping
from dataclasses import field, replace

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import Invalid, NotFound
from headrace_events.ids import object_name
from headrace_events.language import Command, Event, command, event, value
from headrace_events.numbers import finite
from headrace_events.training_dataset import MADE, TrainingDatasets
from headrace_events.versions import next_version


@value
class TrainedOn:
    """The training dataset a model learnt from."""

    view: str
    view_version: int
    version: int


@command("model.create_version")
class CreateModelVersion(Command):
    """Register a model. `artifact` is the SHA-256 of its stored archive; `inputs` the view columns it takes, in order.

    `study` and `trial` name the experiment that made it; `program` is the SHA-256 of the stored training function and
    `environment` lists installed distributions as `name==version`.
    """

    project: str
    name: str
    version: int | None = None
    description: str = ""
    framework: str
    artifact: str
    metrics: Mapping[str, float]
    inputs: tuple[str, ...]
    trained_on: TrainedOn | None = None
    study: str | None = None
    trial: int | None = None
    program: str | None = None
    environment: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.name


@event("model.version_created")
class ModelVersionCreated(Event):
    """The version exists and never changes."""

    name: str
    version: int
    description: str
    framework: str
    artifact: str
    metrics: Mapping[str, float]
    inputs: tuple[str, ...]
    trained_on: TrainedOn | None = None
    study: str | None = None
    trial: int | None = None
    program: str | None = None
    environment: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.name


@value
class Model:
    """The versions of a model, by number, each with its artifact, and the view it learnt from, if it did from one."""

    versions: Mapping[str, str]
    views: Mapping[str, str] = field(default_factory=dict)


def decide(state: Model | None, wish: Command, known: Known) -> list[Event]:
    """Use each version number once; take finite metrics only."""
    match wish:
        case CreateModelVersion():
            object_name(wish.name, "model")
            version = next_version(state.versions if state else {}, wish.version, "model", wish.name)
            for name, number in wish.metrics.items():
                finite(number, f"metric {name!r}")
            if len(wish.artifact) != 64:
                raise Invalid("invalid-artifact", "an artifact is named by 64 hexadecimal digits of SHA-256")
            if wish.trained_on is not None:
                must_be_recorded(wish.trained_on, wish.project, known)
            return [
                ModelVersionCreated(
                    name=wish.name,
                    version=version,
                    description=wish.description,
                    framework=wish.framework,
                    artifact=wish.artifact,
                    metrics=wish.metrics,
                    inputs=wish.inputs,
                    trained_on=wish.trained_on,
                    study=wish.study,
                    trial=wish.trial,
                    program=wish.program,
                    environment=wish.environment,
                )
            ]
        case _:
            raise unknown(wish)


def must_be_recorded(on: TrainedOn, project: str, known: Known) -> None:
    """Raise NotFound unless the training dataset has been made."""
    datasets = known.state(TrainingDatasets, project, f"{on.view}.{on.view_version}")
    if datasets is None or datasets.versions.get(str(on.version)) not in MADE:
        raise NotFound("training dataset", f"{on.view} version {on.view_version}, dataset {on.version}")


def evolve(state: Model | None, fact: Event) -> Model:
    """Fold one event."""
    match fact:
        case ModelVersionCreated(version=version, artifact=artifact, trained_on=trained_on):
            before = state or Model(versions={})
            views = {} if trained_on is None else {str(version): f"{trained_on.view}.{trained_on.view_version}"}
            return replace(
                before, versions={**before.versions, str(version): artifact}, views={**before.views, **views}
            )
        case _:
            raise unknown(fact)


aggregate("model", Model, decide=decide, evolve=evolve)
