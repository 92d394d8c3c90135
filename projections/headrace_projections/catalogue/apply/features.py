"""Feature groups, feature views and training datasets."""

from headrace_events.annotation_words import Annotated
from headrace_events.envelope import Recorded
from headrace_events.external_feature_group import ExternalFeatureGroupCreated, ExternalFeatureGroupDeleted
from headrace_events.feature_group import FeatureGroupCreated
from headrace_events.feature_group_clearing import FeatureGroupCleared, FeatureGroupClearRequested
from headrace_events.feature_group_growth import FeatureGroupFeaturesAppended
from headrace_events.feature_group_life import FeatureGroupDeleted
from headrace_events.feature_group_streaming import StreamingDeclared
from headrace_events.feature_statistics import FeatureGroupStatisticsConfigured
from headrace_events.feature_view import FeatureViewCreated
from headrace_events.feature_view_life import FeatureViewDeleted
from headrace_events.feature_view_precomputing import FeatureViewPrecomputed, FeatureViewPrecomputingStopped
from headrace_events.training_dataset import (
    TrainingDatasetFailed,
    TrainingDatasetRecorded,
    TrainingDatasetRequested,
)
from headrace_events.training_files import TrainingDataPurged, TrainingDatasetDeleted, TrainingFilesRemoved
from headrace_projections.catalogue.apply.annotations import forgotten
from headrace_projections.catalogue.apply.handlers import authored, on, project_of, record, records, stamped
from headrace_projections.changes import Change, Delete, Forget, Update, Upsert, Values


@on(FeatureGroupCreated)
def list_feature_group(event: FeatureGroupCreated, at: Recorded) -> list[Change]:
    """Show the new version of the feature group."""
    row = {
        "description": event.description,
        "columns": records(event.columns),
        "primary_key": list(event.primary_key),
        "event_time": event.event_time,
        "online": event.online,
        "offline": event.offline,
        "ttl_seconds": event.ttl_seconds,
        "topic": event.topic,
        "subject": event.subject,
        "schema_id": event.schema_id,
        "statistics": record(event.statistics),
        "on_demand": records(event.on_demand),
        "request_parameters": records(event.request_parameters),
        **authored("created", at),
    }
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    return [Upsert("feature_groups", key, row)]


@on(ExternalFeatureGroupCreated)
def list_external_group(event: ExternalFeatureGroupCreated, at: Recorded) -> list[Change]:
    """Show the new version of the group that is a query on another database."""
    row = {
        "description": event.description,
        "columns": records(event.columns),
        "primary_key": list(event.primary_key),
        "event_time": event.event_time,
        "storage_connector": event.storage_connector,
        "query": event.query,
        "known_at": event.known_at,
        **authored("created", at),
    }
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    return [Upsert("external_feature_groups", key, row)]


@on(ExternalFeatureGroupDeleted)
def delete_external_group(event: ExternalFeatureGroupDeleted, at: Recorded) -> list[Change]:
    """Show it no more."""
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    return [Delete("external_feature_groups", key)]


@on(StreamingDeclared)
def show_streaming(event: StreamingDeclared, at: Recorded) -> list[Change]:
    """Show what the version is computed from."""
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    streaming = {
        "source": event.source,
        "source_version": event.source_version or None,
        "event_time": event.event_time,
        "keys": list(event.keys),
        "aggregations": records(event.aggregations),
        "slide_seconds": event.slide_seconds,
        "allowed_lateness_seconds": event.allowed_lateness_seconds,
    }
    return [Update("feature_groups", key, {"streaming": streaming})]


@on(FeatureGroupClearRequested)
def ask_to_clear(event: FeatureGroupClearRequested, at: Recorded) -> list[Change]:
    """Show that rows will go."""
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    return [Update("feature_groups", key, {"clears_asked": event.request})]


@on(FeatureGroupCleared)
def clear_feature_group(event: FeatureGroupCleared, at: Recorded) -> list[Change]:
    """Show from where on rows count."""
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    return [Update("feature_groups", key, {"clears": event.request, "cleared": list(event.positions)})]


@on(FeatureGroupDeleted)
def delete_feature_group(event: FeatureGroupDeleted, at: Recorded) -> list[Change]:
    """Show it no more; what it was, the activity tells."""
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    said = forgotten(Annotated.FEATURE_GROUP, key)
    expected = [Forget(table, key) for table in ("expectation_suites", "validation_reports")]
    return [Delete("feature_groups", key), Forget("feature_group_growth", key), *expected, *said]


@on(FeatureGroupFeaturesAppended)
def grow_feature_group(event: FeatureGroupFeaturesAppended, at: Recorded) -> list[Change]:
    """Show the columns that came to the version, and the schema that rows have from now on."""
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    grown = {"features": records(event.features), **authored("appended", at)}
    return [
        Update("feature_groups", key, {"schema_id": event.schema_id}),
        Upsert("feature_group_growth", {**key, "schema_id": event.schema_id}, grown),
    ]


@on(FeatureGroupStatisticsConfigured)
def configure_statistics(event: FeatureGroupStatisticsConfigured, at: Recorded) -> list[Change]:
    """Show what is counted of its rows from now on."""
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    return [Update("feature_groups", key, {"statistics": record(event.statistics)})]


@on(FeatureViewCreated)
def list_feature_view(event: FeatureViewCreated, at: Recorded) -> list[Change]:
    """Show the new version of the feature view."""
    row = {
        "description": event.description,
        "root": record(event.root),
        "joins": records(event.joins),
        "labels": list(event.labels),
        "inference_helpers": list(event.inference_helpers),
        "training_helpers": list(event.training_helpers),
        "filters": records(event.filters),
        "known_at": event.known_at,
        "transformations": records(event.transformations),
        **authored("created", at),
    }
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    return [Upsert("feature_views", key, row)]


@on(FeatureViewPrecomputed)
def precompute_feature_view(event: FeatureViewPrecomputed, at: Recorded) -> list[Change]:
    """Show that its vectors are kept ready."""
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    return [Update("feature_views", key, {"precomputed": True})]


@on(FeatureViewPrecomputingStopped)
def stop_precomputing_feature_view(event: FeatureViewPrecomputingStopped, at: Recorded) -> list[Change]:
    """Show that they are not, any more."""
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    return [Update("feature_views", key, {"precomputed": False})]


@on(FeatureViewDeleted)
def delete_feature_view(event: FeatureViewDeleted, at: Recorded) -> list[Change]:
    """Show it no more; what it was, the activity tells."""
    key = {"project": project_of(at), "name": event.name, "version": event.version}
    return [Delete("feature_views", key), *forgotten(Annotated.FEATURE_VIEW, key)]


_OfDataset = (
    TrainingDatasetRequested
    | TrainingDatasetRecorded
    | TrainingDatasetFailed
    | TrainingDataPurged
    | TrainingDatasetDeleted
    | TrainingFilesRemoved
)


def _dataset(event: _OfDataset, at: Recorded) -> Values:
    return {
        "project": project_of(at),
        "view": event.view,
        "view_version": event.view_version,
        "version": event.version,
    }


@on(TrainingDatasetRequested)
def request_dataset(event: TrainingDatasetRequested, at: Recorded) -> list[Change]:
    """Show the dataset that is being made."""
    row = {
        "phase": "requested",
        "splits": records(event.splits),
        "format": event.format,
        "seed": event.seed,
        "asked_positions": list(event.positions),
        "asked_readings": records(event.readings),
        **authored("requested", at),
    }
    return [Upsert("training_datasets", _dataset(event, at), row)]


@on(TrainingDatasetRecorded)
def record_dataset(event: TrainingDatasetRecorded, at: Recorded) -> list[Change]:
    """Show what was made."""
    row = {
        "phase": "recorded",
        "positions": list(event.positions),
        "files": records(event.files),
        "hash": event.hash,
        "statistics": event.statistics,
        "readings": records(event.readings),
        "stored": True,
        **stamped("ended", at),
    }
    return [Update("training_datasets", _dataset(event, at), row)]


@on(TrainingDatasetFailed)
def fail_dataset(event: TrainingDatasetFailed, at: Recorded) -> list[Change]:
    """Show why it could not be made."""
    row = {"phase": "failed", "reason": event.reason, **stamped("ended", at)}
    return [Update("training_datasets", _dataset(event, at), row)]


@on(TrainingDataPurged)
def purge_dataset(event: TrainingDataPurged, at: Recorded) -> list[Change]:
    """Show that only its manifest is kept."""
    return [Update("training_datasets", _dataset(event, at), {"phase": "purged"})]


@on(TrainingDatasetDeleted)
def delete_dataset(event: TrainingDatasetDeleted, at: Recorded) -> list[Change]:
    """Keep what it was; queries leave it out."""
    return [Update("training_datasets", _dataset(event, at), {"phase": "deleted"})]


@on(TrainingFilesRemoved)
def empty_dataset(event: TrainingFilesRemoved, at: Recorded) -> list[Change]:
    """Show that its files are gone."""
    return [Update("training_datasets", _dataset(event, at), {"stored": False})]
