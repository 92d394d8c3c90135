"""What the metadata says of training files: which are to go, because no dataset that is kept has them."""

from dataclasses import dataclass, field

from headrace_events.envelope import Position, Recorded
from headrace_events.project import ProjectClosing
from headrace_events.training_dataset import TrainingDatasetRecorded, TrainingDatasetRequested
from headrace_events.training_files import (
    RecordTrainingFilesRemoved,
    TrainingDataPurged,
    TrainingDatasetDeleted,
    TrainingFilesRemoved,
)

_Key = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """The files of a dataset that was purged or deleted, and the place of the event that says so."""

    project: str
    sha256s: frozenset[str]
    answer: RecordTrainingFilesRemoved
    at: Position


@dataclass(slots=True)
class TrainingFiles:
    """Folded from all metadata events; `take` them in the order of their topic."""

    _kept: dict[_Key, frozenset[str]] = field(default_factory=dict)
    _statistics: dict[_Key, str] = field(default_factory=dict)
    _leaving: dict[_Key, Leaving] = field(default_factory=dict)

    def take(self, recorded: Recorded) -> None:
        """Fold one event."""
        project = recorded.project or ""
        match recorded.event:
            case ProjectClosing(project=closed):
                self._kept = {key: files for key, files in self._kept.items() if key[0] != closed}
                self._statistics = {key: one for key, one in self._statistics.items() if key[0] != closed}
                self._leaving = {key: one for key, one in self._leaving.items() if key[0] != closed}
            case TrainingDatasetRequested(readings=readings) as asked if readings:
                key = (project, asked.view, asked.view_version, asked.version)
                self._kept[key] = frozenset(reading.sha256 for reading in readings)
            case TrainingDatasetRecorded() as made:
                key = (project, made.view, made.view_version, made.version)
                read = (reading.sha256 for reading in made.readings)
                self._kept[key] = frozenset((*(file.sha256 for file in made.files), *read))
                if made.statistics is not None:
                    self._statistics[key] = made.statistics
            case TrainingDataPurged() as purged:
                self._leave((project, purged.view, purged.view_version, purged.version), recorded.at, frozenset())
            case TrainingDatasetDeleted() as left:
                key = (project, left.view, left.view_version, left.version)
                counted = self._statistics.pop(key, None)
                self._leave(key, recorded.at, frozenset() if counted is None else frozenset((counted,)))
            case TrainingFilesRemoved() as gone:
                self._leaving.pop((project, gone.view, gone.view_version, gone.version), None)
            case _:
                pass

    def leaving(self) -> list[Leaving]:
        """What is to go now, without the files that a dataset of the same project that is kept has too."""
        return [self._alone(one) for one in self._leaving.values()]

    def _leave(self, key: _Key, at: Position, more: frozenset[str]) -> None:
        before = self._leaving.get(key)
        files = self._kept.pop(key, before.sha256s if before else frozenset())
        project, view, view_version, version = key
        answer = RecordTrainingFilesRemoved(project=project, view=view, view_version=view_version, version=version)
        self._leaving[key] = Leaving(project=project, sha256s=files | more, answer=answer, at=at)

    def _alone(self, one: Leaving) -> Leaving:
        kept = {sha256 for key, sha256 in self._statistics.items() if key[0] == one.project}
        for key, files in self._kept.items():
            if key[0] == one.project:
                kept |= files
        return Leaving(project=one.project, sha256s=one.sha256s - kept, answer=one.answer, at=one.at)
