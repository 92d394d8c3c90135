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
class StreamUse:
    """A streaming feature group that is computed from the feature; `role` is aggregated, or key of its windows."""

    name: str
    version: int
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureUse:
    """Who uses a feature: views, models (name and version), deployments, and other projects it is shared with.

    `streams` are streaming feature groups that are computed from it; their own features have users of their own.
    """

    feature: str
    views: tuple[ViewUse, ...]
    models: tuple[tuple[str, int], ...]
    deployments: tuple[str, ...]
    projects: tuple[str, ...]
    streams: tuple[StreamUse, ...] = ()

    @property
    def unused(self) -> bool:
        """Whether no view and no streaming group reads it."""
        return not self.views and not self.projects and not self.streams


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedFeatures:
    """Features of a version of a group that nothing reads; keys and the event time are none of them."""

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
        streams=tuple(StreamUse(**stream) for stream in row["streams"]),
    )


def unused_features(row: Mapping[str, Any]) -> UnusedFeatures:
    """What the API says of a group."""
    return UnusedFeatures(name=row["name"], version=row["version"], features=tuple(row["features"]))
