"""What a feature view does to its features before a model sees them, for training data and for vectors."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from headrace._columns import Feature
from headrace._errors import Invalid
from headrace._http import Api
from headrace._training_dataset import TrainingDataset
from headrace._training_statistics import FeatureStatistics
from headrace._transformation_function import Transformation, TransformationFunction
from headrace._transformation_functions import function_of, functions_path
from headrace._transformer import Transformer
from headrace._view_columns import ViewColumns
from headrace._view_on_demand import OnDemandFeatures

TRAIN = "train"
"""The split whose statistics count, where a dataset has several."""


class TransformFeatures(OnDemandFeatures, ABC):
    """The transformations of one version of a feature view."""

    _api: Api
    _project: str
    _columns: ViewColumns
    _row: Mapping[str, Any]
    _serving: Transformer | None = None
    _stored: Transformer | None = None

    @property
    @abstractmethod
    def features(self) -> list[Feature]:
        """The columns a model sees, before they are transformed."""

    @abstractmethod
    def get_training_dataset(self, training_dataset_version: int) -> TrainingDataset:
        """A training dataset of this view; raises NotFound."""

    @cached_property
    def transformation_functions(self) -> list[Transformation]:
        """The functions applied to its columns, in order, as they were when the view was made."""
        return [
            Transformation(
                function=self._function(one),
                columns=tuple(one["columns"]),
                parameters=json.loads(one["parameters"]),
                outputs=tuple(one["outputs"]),
            )
            for one in self._row.get("transformations", ())
        ]

    @property
    def transformed_features(self) -> list[Feature]:
        """What a model sees, in order: `features`, but for those that outputs replace, then the outputs.

        Raises Invalid (`serving-not-initialised`) before init_serving where the view has transformations.
        """
        return self.features if not self.transformation_functions else self._ready().features

    def init_serving(self, training_dataset_version: int | None = None) -> None:
        """Get ready to read feature vectors, transformed with the statistics of that training dataset.

        It may be left out where the view has no transformations. Raises NotFound, Failed; Invalid where a function does
        not load.
        """
        self.features  # noqa: B018 - read once, before the first vector is asked for
        self.on_demand.ready  # noqa: B018 - and so are these functions
        if training_dataset_version is None:
            return
        dataset = self.get_training_dataset(training_dataset_version)
        if self.transformation_functions:
            self._stored = None
            self._serving = self.transformer(dataset).of(frozenset(feature.name for feature in self.features))

    def transform(self, data: Any) -> Any:
        """Features as they are stored, as a model sees them; what is given is not changed.

        A DataFrame gives a DataFrame, a dict a dict, a list of dicts one of dicts; other columns of a frame stay. Call
        init_serving before. Raises Invalid: a column is missing, or a function fails.
        """
        if not self.transformation_functions:
            return data
        ready = self._ready()
        if isinstance(data, Mapping):
            return self.transform([data])[0]
        if hasattr(data, "columns"):
            return ready.frame(data)
        rows = list(data)
        if not all(isinstance(row, Mapping) for row in rows):
            raise Invalid("give a DataFrame, a dict, or a list of dicts", code="invalid-rows")
        return ready.rows(rows)

    def transformer(self, dataset: TrainingDataset) -> Transformer:
        """The view's transformations with the statistics of that dataset: of its split `train`, or of its only one.

        Raises Invalid, NotFound where it has no statistics, Failed where it is not there.
        """
        statistics: Mapping[str, FeatureStatistics] = {}
        if self.transformation_functions:
            names = [split.name for split in dataset.splits]
            if TRAIN not in names and len(names) > 1:
                raise Invalid(
                    f"{dataset!r} has the splits {', '.join(names)}, and none is called train: whose statistics count?",
                    code="no-train-split",
                )
            statistics = dataset.statistics[TRAIN if TRAIN in names else names[0]]
        return Transformer(self.transformation_functions, self._columns.all, statistics)

    def _ready(self) -> Transformer:
        if self._serving is None:
            raise Invalid(
                f"{self!r} transforms its features: call init_serving(training_dataset_version) first, for the "
                "statistics, or ask with transform=False",
                code="serving-not-initialised",
            )
        return self._serving

    def _function(self, one: Mapping[str, Any]) -> TransformationFunction:
        if one["version"] is None:
            return TransformationFunction(name=one["function"], drop=("feature",))
        path = f"{functions_path(self._project)}/{one['function']}/versions/{one['version']}"
        return function_of(self._api.get(path))

    def transformed(
        self, rows: Sequence[Mapping[str, Any]], *, on_demand: bool = True
    ) -> tuple[list[dict[str, Any]], list[Feature]]:
        """Vectors, transformed, and what their columns are; see `transform`.

        Vectors without on-demand features have nothing that is made of these.
        """
        ready = self._ready()
        if not on_demand:
            if self._stored is None:
                self._stored = ready.of(frozenset(self._stored_names))
            ready = self._stored
        return ready.rows(rows), ready.features
