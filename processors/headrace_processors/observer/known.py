"""What the observer knows from the metadata: which topics to read, and what each monitor is to be compared with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace_broker.follower import Partition
from headrace_events.deployment import DeploymentCreated
from headrace_events.envelope import Recorded
from headrace_events.feature_view import FeatureViewCreated
from headrace_events.model import ModelVersionCreated, TrainedOn
from headrace_events.monitor import MonitorCreated
from headrace_events.topic import TopicOpened
from headrace_events.training_dataset import DatasetFile, TrainingDatasetRecorded

KINDS: Mapping[str, str] = {"predictions": "prediction", "outcomes": "outcome"}
"""Purpose of a topic → kind of its observations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A topic of predictions or outcomes, and the project it belongs to."""

    project: str
    kind: str
    partitions: tuple[Partition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A monitor with all that its reference is computed from. `label` is the first label of the training dataset."""

    project: str
    deployment: str
    window_seconds: int
    bins: int
    model: str
    model_version: int
    inputs: tuple[str, ...]
    label: str | None
    files: tuple[DatasetFile, ...]
    source: str


@dataclass(slots=True)
class Known:
    """The fold of all metadata events, as far as the observer needs it."""

    _deployments: dict[tuple[str, str], DeploymentCreated] = field(default_factory=dict)
    _models: dict[tuple[str, str, int], ModelVersionCreated] = field(default_factory=dict)
    _labels: dict[tuple[str, str, int], tuple[str, ...]] = field(default_factory=dict)
    _files: dict[tuple[str, TrainedOn], tuple[DatasetFile, ...]] = field(default_factory=dict)

    def take(self, recorded: Recorded) -> Followed | Watched | None:
        """Fold one event; returns the topic to read or the monitor to serve that it announces."""
        project = recorded.project or ""
        match recorded.event:
            case TopicOpened(purpose=purpose) as opened if purpose in KINDS:
                return _followed(project, opened)
            case DeploymentCreated() as deployment:
                self._deployments[project, deployment.name] = deployment
            case ModelVersionCreated() as model:
                self._models[project, model.name, model.version] = model
            case FeatureViewCreated() as view:
                self._labels[project, view.name, view.version] = view.labels
            case TrainingDatasetRecorded() as made:
                trained_on = TrainedOn(view=made.view, view_version=made.view_version, version=made.version)
                self._files[project, trained_on] = made.files
            case MonitorCreated() as monitor:
                return self._watched(project, monitor, recorded)
            case _:
                pass
        return None

    def forget(self, project: str) -> None:
        """Know nothing of the project any more."""
        self._deployments = {key: one for key, one in self._deployments.items() if key[0] != project}
        self._models = {key: one for key, one in self._models.items() if key[0] != project}
        self._labels = {key: one for key, one in self._labels.items() if key[0] != project}
        self._files = {key: one for key, one in self._files.items() if key[0] != project}

    def _watched(self, project: str, monitor: MonitorCreated, recorded: Recorded) -> Watched:
        deployment = self._deployments[project, monitor.deployment]
        model = self._models[project, deployment.model, deployment.model_version]
        trained_on = model.trained_on
        labels: tuple[str, ...] = ()
        if trained_on is not None:
            labels = self._labels.get((project, trained_on.view, trained_on.view_version), ())
        return Watched(
            project=project,
            deployment=monitor.deployment,
            window_seconds=monitor.window_seconds,
            bins=monitor.bins,
            model=model.name,
            model_version=model.version,
            inputs=model.inputs,
            label=labels[0] if labels else None,
            files=self._files.get((project, trained_on), ()) if trained_on is not None else (),
            source=str(recorded.at),
        )


def _followed(project: str, opened: TopicOpened) -> Followed:
    partitions = tuple(Partition(opened.name, opened.topic_id, number) for number in range(opened.partitions))
    return Followed(project=project, kind=KINDS[opened.purpose], partitions=partitions)
