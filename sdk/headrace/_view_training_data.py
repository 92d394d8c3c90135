"""The training datasets of a feature view: made, found, made again and let go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from headrace._errors import Failed, Invalid
from headrace._external_readings import given_again
from headrace._http import Api
from headrace._locations import Location
from headrace._splits import Time, adjacent, at_random
from headrace._training_dataset import TrainingDataset, TrainingSplit
from headrace._training_files import DataFormat, must_hold
from headrace._view_columns import ViewColumns


class MakeTrainingData(ABC):
    """The training datasets of one version of a feature view."""

    _api: Api
    _project: str
    _columns: ViewColumns

    @property
    @abstractmethod
    def _path(self) -> str:
        """Where the API has the version."""

    def create_training_data(
        self,
        start_time: Time | None = None,
        end_time: Time | None = None,
        *,
        data_format: DataFormat = "parquet",
        location: str | None = None,
        storage_options: Mapping[str, Any] | None = None,
        version: int | None = None,
        wait: bool = True,
        show_progress: bool = True,
    ) -> tuple[int, TrainingDataset]:
        """Examples with event time in [start_time, end_time), as one split `train`; see create_train_test_split.

        With `location` the files are written there too, as TrainingDataset.export does.
        """
        splits = adjacent({"train": (start_time, end_time)})
        to = _to(location, storage_options, wait=wait)
        return self._create(splits, data_format, version, to=to, wait=wait, show_progress=show_progress)

    def create_train_test_split(
        self,
        test_size: float | None = None,
        *,
        train_start: Time | None = None,
        train_end: Time | None = None,
        test_start: Time | None = None,
        test_end: Time | None = None,
        seed: int | None = None,
        data_format: DataFormat = "parquet",
        location: str | None = None,
        storage_options: Mapping[str, Any] | None = None,
        version: int | None = None,
        wait: bool = True,
        show_progress: bool = True,
    ) -> tuple[int, TrainingDataset]:
        """Two splits, `train` and `test`: at random with `test_size`, a share of the examples, else by event time.

        By event time starts are inclusive, ends are not; a bound that is not given is that of the neighbour, or open
        at the outer sides. At random `train_start` and `test_end` bound both splits; which one an example is in
        follows from its key, its event time and the seed (0 if not given), and from nothing else. Returns the dataset's
        version and the dataset; without `wait` it is still being made.

        Raises:
            Invalid: the bounds overlap, or one split has none; the share is none.
            Failed: it cannot be made; the message says why.
        """
        if test_size is not None:
            inner = {"train_end": train_end, "test_start": test_start}
            splits = at_random({"test": test_size}, train_start, test_end, inner)
        else:
            splits = adjacent({"train": (train_start, train_end), "test": (test_start, test_end)})
        to = _to(location, storage_options, wait=wait)
        return self._create(splits, data_format, version, seed=seed, to=to, wait=wait, show_progress=show_progress)

    def create_train_validation_test_split(
        self,
        validation_size: float | None = None,
        test_size: float | None = None,
        *,
        train_start: Time | None = None,
        train_end: Time | None = None,
        validation_start: Time | None = None,
        validation_end: Time | None = None,
        test_start: Time | None = None,
        test_end: Time | None = None,
        seed: int | None = None,
        data_format: DataFormat = "parquet",
        location: str | None = None,
        storage_options: Mapping[str, Any] | None = None,
        version: int | None = None,
        wait: bool = True,
        show_progress: bool = True,
    ) -> tuple[int, TrainingDataset]:
        """Three splits, `train`, `validation` and `test`, at random with both sizes; see create_train_test_split."""
        if validation_size is not None or test_size is not None:
            inner = {
                "train_end": train_end,
                "validation_start": validation_start,
                "validation_end": validation_end,
                "test_start": test_start,
            }
            splits = at_random({"validation": validation_size, "test": test_size}, train_start, test_end, inner)
        else:
            splits = adjacent(
                {
                    "train": (train_start, train_end),
                    "validation": (validation_start, validation_end),
                    "test": (test_start, test_end),
                }
            )
        to = _to(location, storage_options, wait=wait)
        return self._create(splits, data_format, version, seed=seed, to=to, wait=wait, show_progress=show_progress)

    def get_training_dataset(self, training_dataset_version: int) -> TrainingDataset:
        """A training dataset of this view; raises NotFound."""
        row = self._api.get(f"{self._path}/training-datasets/{training_dataset_version}")
        return TrainingDataset(self._api, self._project, row, self._columns.file_types)

    def get_training_datasets(self) -> list[TrainingDataset]:
        """All training datasets of this view, the newest first."""
        rows = self._api.get(f"{self._path}/training-datasets")
        return [TrainingDataset(self._api, self._project, row, self._columns.file_types) for row in rows]

    def recreate_training_dataset(
        self,
        training_dataset_version: int,
        *,
        read_again: bool = True,
        wait: bool = True,
        show_progress: bool = True,
    ) -> TrainingDataset:
        """Make the same rows again from the manifest, as a new version, also where the files were purged.

        The log does not hold the rows of external groups: they are read again, and may be others by now. Without
        `read_again` they are those of the version's own readings, which are there as long as its files.

        Raises:
            Failed: the rows are not the same (`training-data-differs`, if waited for), or can no longer be made.
        """
        before = self.get_training_dataset(training_dataset_version)
        manifest = before.manifest
        _, dataset = self._create(
            manifest.splits,
            manifest.format,
            None,
            seed=manifest.seed,
            positions=manifest.positions,
            readings=None if read_again else given_again(manifest.readings),
            wait=wait,
            show_progress=show_progress,
        )
        if wait and (found := dataset.differs_from(before)):
            raise Failed(
                f"version {dataset.version} is not what version {training_dataset_version} was: {'; '.join(found)}",
                code="training-data-differs",
                details={"before": manifest.hash, "after": dataset.manifest.hash},
            )
        return dataset

    def purge_training_data(self, training_dataset_version: int) -> None:
        """Let a dataset's files go; its manifest stays, from which recreate_training_dataset makes it again."""
        self._api.delete(f"{self._path}/training-datasets/{training_dataset_version}/data")

    def purge_all_training_data(self) -> None:
        """Let the files of all datasets of this view go; their manifests stay."""
        for dataset in self.get_training_datasets():
            if dataset.state == "recorded":
                self.purge_training_data(dataset.version)

    def delete_training_dataset(self, training_dataset_version: int) -> None:
        """Delete a dataset with its files; its version is not used again. Raises NotFound, Conflict."""
        self._api.delete(f"{self._path}/training-datasets/{training_dataset_version}")

    def delete_all_training_datasets(self) -> None:
        """Delete all datasets of this view; raises Conflict where one is still being made."""
        for dataset in self.get_training_datasets():
            self.delete_training_dataset(dataset.version)

    def _create(
        self,
        splits: Sequence[TrainingSplit],
        data_format: str,
        version: int | None,
        *,
        seed: int | None = None,
        positions: Sequence[str] = (),
        readings: Sequence[Mapping[str, Any]] | None = None,
        to: Location | None = None,
        wait: bool,
        show_progress: bool,
    ) -> tuple[int, TrainingDataset]:
        must_hold(data_format, self._columns.file_types)
        body = {
            "splits": [asdict(split) for split in splits],
            "seed": seed,
            "positions": list(positions),
            "format": data_format,
            "version": version,
            "readings": list(self._columns.readings() if readings is None else readings),
        }
        accepted = self._api.post(f"{self._path}/training-datasets", body)
        made = self._api.happened(self._project, accepted, "training_dataset.requested")
        dataset = self.get_training_dataset(made["version"])
        if wait:
            dataset.wait(show_progress=show_progress)
        if to is not None:
            dataset.export_to(to)
        return dataset.version, dataset


def _to(location: str | None, storage_options: Mapping[str, Any] | None, *, wait: bool) -> Location | None:
    if location is None:
        return None
    if not wait:
        raise Invalid(
            "files are written to a location once they are made: wait, or call export() later",
            code="location-without-wait",
        )
    return Location(location, storage_options)
