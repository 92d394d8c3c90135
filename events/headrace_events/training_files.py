"""What becomes of the files of training datasets that nobody needs any more.

Purged, a dataset keeps its manifest, by which it can be made again; deleted, it is no longer there. Its version stays
taken, and the events that tell of it stay.
"""

from headrace_events.language import Command, Event, command, event


class _OfDataset:
    """A message about one version of a view's training data."""

    __slots__ = ()
    view: str
    view_version: int
    version: int

    @property
    def key(self) -> str:
        return f"{self.view}.{self.view_version}"


@command("training_dataset.purge")
class PurgeTrainingData(_OfDataset, Command):
    """Let the files of a dataset go; its manifest stays."""

    project: str
    view: str
    view_version: int
    version: int


@command("training_dataset.delete")
class DeleteTrainingDataset(_OfDataset, Command):
    """Let a dataset go, with its files; its version stays taken."""

    project: str
    view: str
    view_version: int
    version: int


@command("training_dataset.record_files_removed")
class RecordTrainingFilesRemoved(_OfDataset, Command):
    """The training processor says: the files are gone, but for those that another dataset has too."""

    project: str
    view: str
    view_version: int
    version: int


@event("training_dataset.purged")
class TrainingDataPurged(_OfDataset, Event):
    """Nobody reads its files any more; the training processor removes them. Manifest and statistics stay."""

    view: str
    view_version: int
    version: int


@event("training_dataset.deleted")
class TrainingDatasetDeleted(_OfDataset, Event):
    """It is no longer there; the training processor removes its files and its statistics, if it has any."""

    view: str
    view_version: int
    version: int


@event("training_dataset.files_removed")
class TrainingFilesRemoved(_OfDataset, Event):
    """Its files are gone, but for those that another dataset has too."""

    view: str
    view_version: int
    version: int
