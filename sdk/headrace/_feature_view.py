"""Feature views: the features a model sees, joined as of event time, for training and for serving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace._annotations import Annotations
from headrace._columns import Feature
from headrace._feature_monitoring import FeatureMonitoring
from headrace._http import Api
from headrace._precomputed import PrecomputedVectors
from headrace._read_training_data import ReadTrainingData
from headrace._view_columns import ViewColumns
from headrace._view_vectors import ReadFeatureView


class FeatureView(ReadTrainingData, ReadFeatureView, PrecomputedVectors, FeatureMonitoring, Annotations):
    """One version of a view; what it selects never changes."""

    def __init__(self, api: Api, project: str, row: Mapping[str, Any]) -> None:
        self._api = api
        self._project = project
        self._row = row
        self._columns = ViewColumns(api, project, row)

    def __repr__(self) -> str:
        return f"FeatureView({self.name!r}, version={self.version})"

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._row["name"])

    @property
    def version(self) -> int:
        """Its version."""
        return int(self._row["version"])

    @property
    def description(self) -> str:
        """What is said about it."""
        return str(self._row["description"])

    @property
    def labels(self) -> list[str]:
        """The columns to predict."""
        return list(self._row["labels"])

    @property
    def inference_helper_columns(self) -> list[str]:
        """The columns that no model sees, which get_inference_helper reads."""
        return list(self._row["inference_helpers"])

    @property
    def training_helper_columns(self) -> list[str]:
        """The columns that no model sees, which training data gives where asked."""
        return list(self._row["training_helpers"])

    @property
    def known_at(self) -> bool:
        """Whether an example sees only rows that were known at its event time."""
        return bool(self._row["known_at"])

    @property
    def schema(self) -> list[Feature]:
        """All columns, labels among them, with their types."""
        return self._columns.all

    @property
    def features(self) -> list[Feature]:
        """The columns a model sees: all but labels and helpers."""
        hidden = {*self.labels, *self.inference_helper_columns, *self.training_helper_columns}
        return [feature for feature in self.schema if feature.name not in hidden]

    @property
    def primary_keys(self) -> list[str]:
        """The primary key of the root group: what names an example, and what a feature vector is asked by."""
        return self._columns.primary_key

    @property
    def root_columns(self) -> list[Feature]:
        """All columns of the root group: its key and those that joins go by name an entity to read features of."""
        return self._columns.root

    def _refresh(self) -> Mapping[str, Any]:
        self._row = self._api.get(self._path)
        return self._row

    @property
    def _watched(self) -> Mapping[str, Any]:
        return {"kind": "feature_view", "name": self.name, "version": self.version}

    @property
    def _said(self) -> Mapping[str, Any]:
        return self._row

    def delete(self) -> None:
        """Delete this version; its name and version are never used again.

        Raises:
            Conflict: `feature-view-in-use`; the message says which training datasets, models or deployments need it.
        """
        self._api.delete(self._path)

    @property
    def _path(self) -> str:
        return f"/api/projects/{self._project}/feature-views/{self.name}/versions/{self.version}"
