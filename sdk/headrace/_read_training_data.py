"""Reading training data of a feature view: features and labels of each split, transformed as the view says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from headrace._splits import Time
from headrace._training_dataset import TrainingDataset
from headrace._view_training_data import MakeTrainingData
from headrace._view_transformations import TransformFeatures


class ReadTrainingData(MakeTrainingData, TransformFeatures, ABC):
    """The training data of one version of a feature view, as pandas DataFrames."""

    @property
    @abstractmethod
    def labels(self) -> list[str]:
        """The columns to predict."""

    @property
    @abstractmethod
    def inference_helper_columns(self) -> list[str]:
        """The columns that no model sees, for whoever asks a model."""

    @property
    @abstractmethod
    def training_helper_columns(self) -> list[str]:
        """The columns that no model sees, for whoever trains one."""

    def training_data(
        self, start_time: Time | None = None, end_time: Time | None = None, **how: Any
    ) -> tuple[Any, Any]:
        """Create training data and read it: features and labels, as pandas DataFrames."""
        _, dataset = self.create_training_data(start_time, end_time, **how)
        (train,) = self._parts(dataset, "train")
        return train

    def train_test_split(self, test_size: float | None = None, **how: Any) -> tuple[Any, Any, Any, Any]:
        """Create a split and read it: X_train, X_test, y_train, y_test. Arguments as for create_train_test_split."""
        version, _ = self.create_train_test_split(test_size, **how)
        return self.get_train_test_split(version)

    def train_validation_test_split(
        self, validation_size: float | None = None, test_size: float | None = None, **how: Any
    ) -> tuple[Any, Any, Any, Any, Any, Any]:
        """Create three splits and read them: X_train, X_validation, X_test, y_train, y_validation, y_test."""
        version, _ = self.create_train_validation_test_split(validation_size, test_size, **how)
        return self.get_train_validation_test_split(version)

    def get_training_data(
        self,
        training_dataset_version: int,
        *,
        primary_key: bool = False,
        event_time: bool = False,
        training_helper_columns: bool = False,
        transform: bool = True,
    ) -> tuple[Any, Any]:
        """Features and labels of a dataset with one split, as pandas DataFrames.

        The view's transformations are applied, with the statistics of the dataset (of its split `train`), unless
        `transform` is False; the files hold what was not transformed.
        """
        (train,) = self._parts(
            self.get_training_dataset(training_dataset_version),
            None,
            primary_key=primary_key,
            event_time=event_time,
            training_helpers=training_helper_columns,
            transform=transform,
        )
        return train

    def get_train_test_split(
        self,
        training_dataset_version: int,
        *,
        primary_key: bool = False,
        event_time: bool = False,
        training_helper_columns: bool = False,
        transform: bool = True,
    ) -> tuple[Any, Any, Any, Any]:
        """X_train, X_test, y_train, y_test of a dataset, as pandas DataFrames; see get_training_data."""
        train, test = self._parts(
            self.get_training_dataset(training_dataset_version),
            "train",
            "test",
            primary_key=primary_key,
            event_time=event_time,
            training_helpers=training_helper_columns,
            transform=transform,
        )
        return train[0], test[0], train[1], test[1]

    def get_train_validation_test_split(
        self,
        training_dataset_version: int,
        *,
        primary_key: bool = False,
        event_time: bool = False,
        training_helper_columns: bool = False,
        transform: bool = True,
    ) -> tuple[Any, Any, Any, Any, Any, Any]:
        """X_train, X_validation, X_test, y_train, y_validation, y_test of a dataset; see get_training_data."""
        train, validation, test = self._parts(
            self.get_training_dataset(training_dataset_version),
            "train",
            "validation",
            "test",
            primary_key=primary_key,
            event_time=event_time,
            training_helpers=training_helper_columns,
            transform=transform,
        )
        return train[0], validation[0], test[0], train[1], validation[1], test[1]

    def _parts(
        self,
        dataset: TrainingDataset,
        *splits: str | None,
        primary_key: bool = False,
        event_time: bool = False,
        training_helpers: bool = False,
        transform: bool = True,
    ) -> list[tuple[Any, Any]]:
        """Features and labels of each split (None: of the only one)."""
        parts, ready = [], None
        for split in splits:
            table = dataset.read_arrow(split, primary_key=primary_key, event_time=event_time)
            rows, labels = table.to_pandas(), self.labels
            if transform and self.transformation_functions:
                ready = ready or self.transformer(dataset)
                rows = ready.frame(rows, table.to_pandas(integer_object_nulls=True))
                labels = ready.made_of(labels)
            parts.append(self._apart(rows, labels, training_helpers=training_helpers))
        return parts

    def _apart(self, rows: Any, labels: Sequence[str], *, training_helpers: bool = False) -> tuple[Any, Any]:
        beside = [*labels, *self.inference_helper_columns]
        beside += [] if training_helpers else self.training_helper_columns
        return rows.drop(columns=beside), rows[list(labels)]
