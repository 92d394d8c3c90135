"""Feature views and their training datasets."""

from datetime import datetime

from headrace_events.external_reading import ExternalReading, GivenReading
from headrace_events.feature_filter import Filter
from headrace_events.feature_view import GroupSelection, Join
from headrace_events.language import value
from headrace_events.training_dataset import DatasetFile, Split
from headrace_events.transformation import Transformation
from headrace_projections.catalogue.queries.rows import Pool, all_of


@value
class FeatureViewRow:
    """A version of a feature view; `precomputed` says whether its vectors are kept ready."""

    name: str
    version: int
    description: str
    root: GroupSelection
    joins: tuple[Join, ...]
    labels: tuple[str, ...]
    inference_helpers: tuple[str, ...]
    training_helpers: tuple[str, ...]
    filters: tuple[Filter, ...]
    known_at: bool
    transformations: tuple[Transformation, ...]
    precomputed: bool
    deprecated: bool
    keywords: tuple[str, ...]
    created_by: str
    created_time: datetime

    @property
    def hidden(self) -> frozenset[str]:
        """The columns that no model sees: labels and helpers."""
        return frozenset((*self.labels, *self.inference_helpers, *self.training_helpers))


@value
class TrainingDatasetRow:
    """A version of a view's training data; `phase` is requested, recorded (with files and hash), failed or purged.

    Purged, it keeps what is said of its files; `stored` says whether they are still there. `statistics` is
    the SHA-256 of an artifact. `readings` say what was read off external groups: the log does not hold those rows.
    """

    view: str
    view_version: int
    version: int
    phase: str
    splits: tuple[Split, ...]
    format: str
    seed: int | None = None
    asked_positions: tuple[str, ...]
    asked_readings: tuple[GivenReading, ...]
    positions: tuple[str, ...] | None = None
    readings: tuple[ExternalReading, ...] | None = None
    files: tuple[DatasetFile, ...] | None = None
    hash: str | None = None
    statistics: str | None = None
    stored: bool
    reason: str | None = None
    requested_by: str
    requested_time: datetime
    ended_time: datetime | None = None


async def feature_views(
    pool: Pool, project: str, name: str | None = None, version: int | None = None
) -> list[FeatureViewRow]:
    """All versions of all views, or those of that name, or the one version; the newest first."""
    query = """
        SELECT * FROM catalogue.feature_views
        WHERE project = %(project)s AND (%(name)s::text IS NULL OR name = %(name)s)
          AND (%(version)s::bigint IS NULL OR version = %(version)s)
        ORDER BY name, version DESC"""
    return await all_of(pool, FeatureViewRow, query, project=project, name=name, version=version)


async def training_datasets(
    pool: Pool, project: str, view: str | None = None, view_version: int | None = None, version: int | None = None
) -> list[TrainingDatasetRow]:
    """All training datasets that are not deleted, or those of a view, or the one version; the newest first."""
    query = """
        SELECT * FROM catalogue.training_datasets
        WHERE project = %(project)s AND phase <> 'deleted' AND (%(view)s::text IS NULL OR view = %(view)s)
          AND (%(view_version)s::bigint IS NULL OR view_version = %(view_version)s)
          AND (%(version)s::bigint IS NULL OR version = %(version)s)
        ORDER BY view, view_version, version DESC"""
    return await all_of(
        pool, TrainingDatasetRow, query, project=project, view=view, view_version=view_version, version=version
    )
