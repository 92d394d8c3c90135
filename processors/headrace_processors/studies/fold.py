"""What the driver knows: every study of every project, and the files of training datasets, folded from events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from headrace_events.envelope import Position, Recorded
from headrace_events.halving import Study, evolve
from headrace_events.language import Event
from headrace_events.model import TrainedOn
from headrace_events.project import ProjectClosing, ProjectMarkedSensitive, ProjectUnmarkedSensitive
from headrace_events.study import RungReported, StudyCompleted, StudyCreated, TrialStarted
from headrace_events.training_dataset import DatasetFile, TrainingDatasetRecorded, TrainingDatasetRequested


@dataclass(frozen=True, slots=True, order=True)
class StudyKey:
    """A study of a project."""

    project: str
    study: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRun:
    """A study that has not ended: how it was asked for and where, its state, and what its trials need to go on."""

    key: StudyKey
    asked: StudyCreated
    at: Position
    state: Study
    parameters: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    checkpoints: Mapping[int, str] = field(default_factory=dict)

    def after(self, fact: Event) -> "StudyRun":
        """The study after one more event."""
        parameters, checkpoints = self.parameters, self.checkpoints
        match fact:
            case TrialStarted(trial=trial, parameters=drawn):
                parameters = {**parameters, trial: drawn}
            case RungReported(trial=trial, checkpoint=str(sha256)):
                checkpoints = {**checkpoints, trial: sha256}
        state = evolve(self.state, fact)
        return replace(self, state=state, parameters=parameters, checkpoints=checkpoints)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A training dataset's files, and their format (parquet or csv)."""

    format: str
    files: tuple[DatasetFile, ...] = ()


@dataclass(slots=True)
class Studies:
    """The studies that have not ended, and all training datasets, of projects that are not closing.

    `sensitive` are the projects that are marked so.
    """

    open: dict[StudyKey, StudyRun] = field(default_factory=dict)
    sensitive: set[str] = field(default_factory=set)
    _datasets: dict[tuple[str, TrainedOn], Dataset] = field(default_factory=dict)

    def apply(self, recorded: Recorded) -> None:
        """Fold one event; most have nothing to do with studies."""
        project, fact = recorded.project, recorded.event
        match fact:
            case ProjectMarkedSensitive(project=marked):
                self.sensitive.add(marked)
            case ProjectUnmarkedSensitive(project=marked):
                self.sensitive.discard(marked)
            case ProjectClosing(project=closing):
                self.open = {key: run for key, run in self.open.items() if key.project != closing}
                self._datasets = {key: made for key, made in self._datasets.items() if key[0] != closing}
        if project is None:
            return
        match fact:
            case TrainingDatasetRequested(view=view, view_version=view_version, version=version):
                on = TrainedOn(view=view, view_version=view_version, version=version)
                self._datasets[project, on] = Dataset(format=fact.format)
            case TrainingDatasetRecorded(view=view, view_version=view_version, version=version):
                on = TrainedOn(view=view, view_version=view_version, version=version)
                self._datasets[project, on] = replace(self._datasets[project, on], files=fact.files)
            case StudyCreated(study=study):
                key = StudyKey(project, study)
                state = evolve(None, fact)
                self.open[key] = StudyRun(key=key, asked=fact, at=recorded.at, state=state)
            case StudyCompleted(study=study):
                self.open.pop(StudyKey(project, study), None)
            case _ if fact.kind == "study":
                key = StudyKey(project, fact.key)
                self.open[key] = self.open[key].after(fact)

    def dataset(self, project: str, on: TrainedOn | None) -> Dataset | None:
        """The files a study's function is given, or None where it asked for none."""
        return None if on is None else self._datasets[project, on]
