"""Who uses which feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewUse:
    """A view that reads the feature as its column of that name.

    `role` is feature, label, inference helper, training helper, or without being a column: key (of a join), filter.
    """

    name: str
    version: int
    column: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureUse:
    """Who uses a feature: views, models (name and version), deployments, and other projects it is shared with."""

    feature: str
    views: tuple[ViewUse, ...]
    models: tuple[tuple[str, int], ...]
    deployments: tuple[str, ...]
    projects: tuple[str, ...]

    @property
    def unused(self) -> bool:
        """Whether no view reads it."""
        return not self.views and not self.projects


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedFeatures:
    """Features of a version of a group that no view reads; keys and the event time are none of them."""

    name: str
    version: int
    features: tuple[str, ...]


def feature_use(row: Mapping[str, Any]) -> FeatureUse:
    """What the API says of a feature."""
    return FeatureUse(
        feature=row["feature"],
        views=tuple(ViewUse(**view) for view in row["views"]),
        models=tuple((model["name"], model["version"]) for model in row["models"]),
        deployments=tuple(row["deployments"]),
        projects=tuple(row["projects"]),
    )


def unused_features(row: Mapping[str, Any]) -> UnusedFeatures:
    """What the API says of a group."""
    return UnusedFeatures(name=row["name"], version=row["version"], features=tuple(row["features"]))
