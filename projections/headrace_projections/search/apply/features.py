"""Feature groups, feature views and training datasets."""

from collections.abc import Sequence

from headrace_events.external_feature_group import ExternalFeatureGroupCreated, ExternalFeatureGroupDeleted
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_group_growth import FeatureGroupFeaturesAppended
from headrace_events.feature_group_life import FeatureGroupDeleted
from headrace_events.feature_view import FeatureViewCreated, columns, selections
from headrace_events.feature_view_life import FeatureViewDeleted
from headrace_events.row_schema import Appended, Column
from headrace_events.training_dataset import (
    TrainingDatasetFailed,
    TrainingDatasetRecorded,
    TrainingDatasetRequested,
)
from headrace_events.training_files import TrainingDataPurged, TrainingDatasetDeleted
from headrace_projections.lineage import node
from headrace_projections.lineage.node import Node
from headrace_projections.search.document import Document
from headrace_projections.search.telling import Telling, on


@on(FeatureGroupCreated)
def feature_group_created(told: Telling[FeatureGroupCreated]) -> list[Document]:
    """A version of a group, with its columns."""
    event = told.event
    stores = [store for store, wanted in (("online", event.online), ("offline", event.offline)) if wanted]
    return [
        told.new(
            node.feature_group(event.name, event.version),
            event.name,
            version=event.version,
            description=event.description,
            columns=_told(event.columns),
            tags=tuple(stores),
            text=(event.topic,),
        )
    ]


@on(ExternalFeatureGroupCreated)
def external_group_created(told: Telling[ExternalFeatureGroupCreated]) -> list[Document]:
    """A version of a group whose rows are in another database."""
    event = told.event
    return [
        told.new(
            node.feature_group(event.name, event.version),
            event.name,
            version=event.version,
            description=event.description,
            columns=_told(event.columns),
            tags=("external",),
            text=(event.storage_connector,),
        )
    ]


@on(ExternalFeatureGroupDeleted)
def external_group_deleted(told: Telling[ExternalFeatureGroupDeleted]) -> list[Document]:
    """It is gone, and can still be found."""
    return told.again(node.feature_group(told.event.name, told.event.version), state="deleted")


@on(FeatureGroupDeleted)
def feature_group_deleted(told: Telling[FeatureGroupDeleted]) -> list[Document]:
    """It is gone, and can still be found."""
    return told.again(node.feature_group(told.event.name, told.event.version), state="deleted")


@on(FeatureGroupFeaturesAppended)
def features_appended(told: Telling[FeatureGroupFeaturesAppended]) -> list[Document]:
    """The version has more columns."""
    group = node.feature_group(told.event.name, told.event.version)
    before = told.before(group)
    return told.again(group, columns=(*(before.columns if before else ()), *_told(told.event.features)))


def _told(columns: Sequence[Column | Appended]) -> tuple[str, ...]:
    return tuple(f"{column.name} {column.description}".rstrip() for column in columns)


@on(FeatureViewCreated)
def feature_view_created(told: Telling[FeatureViewCreated]) -> list[Document]:
    """A version of a view, with its columns, labels and groups."""
    event = told.event
    groups = dict.fromkeys(selection.group for selection in selections(event))
    return [
        told.new(
            node.feature_view(event.name, event.version),
            event.name,
            version=event.version,
            description=event.description,
            columns=columns(event.root, event.joins),
            tags=event.labels,
            text=tuple(groups),
        )
    ]


@on(FeatureViewDeleted)
def feature_view_deleted(told: Telling[FeatureViewDeleted]) -> list[Document]:
    """It is gone, and can still be found."""
    return told.again(node.feature_view(told.event.name, told.event.version), state="deleted")


_OfDataset = (
    TrainingDatasetRequested
    | TrainingDatasetRecorded
    | TrainingDatasetFailed
    | TrainingDataPurged
    | TrainingDatasetDeleted
)


def _dataset(event: _OfDataset) -> Node:
    return node.training_dataset(event.view, event.view_version, event.version)


@on(TrainingDatasetRequested)
def training_dataset_requested(told: Telling[TrainingDatasetRequested]) -> list[Document]:
    """A dataset is asked for, with its splits."""
    event = told.event
    return [
        told.new(
            _dataset(event),
            event.view,
            version=event.version,
            tags=tuple(split.name for split in event.splits),
            text=(f"view version {event.view_version}", event.format),
            state="requested",
        )
    ]


@on(TrainingDatasetRecorded)
def training_dataset_recorded(told: Telling[TrainingDatasetRecorded]) -> list[Document]:
    """It is there: so many rows, with this hash."""
    event = told.event
    rows = float(sum(file.rows for file in event.files))
    text = (f"view version {event.view_version}", event.hash)
    return told.again(_dataset(event), metrics={"rows": rows}, text=text, state="ready")


@on(TrainingDatasetFailed)
def training_dataset_failed(told: Telling[TrainingDatasetFailed]) -> list[Document]:
    """It could not be made."""
    event = told.event
    text = (f"view version {event.view_version}", event.reason)
    return told.again(_dataset(event), text=text, state="failed")


@on(TrainingDataPurged)
def training_data_purged(told: Telling[TrainingDataPurged]) -> list[Document]:
    """Only its manifest is kept."""
    return told.again(_dataset(told.event), state="purged")


@on(TrainingDatasetDeleted)
def training_dataset_deleted(told: Telling[TrainingDatasetDeleted]) -> list[Document]:
    """It is no longer there."""
    return told.again(_dataset(told.event), state="deleted")
