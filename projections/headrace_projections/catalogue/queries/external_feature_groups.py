"""Feature groups that are queries on other databases."""

from datetime import datetime

from headrace_events.language import value
from headrace_events.row_schema import Column
from headrace_projections.catalogue.queries.rows import Pool, all_of


@value
class ExternalFeatureGroupRow:
    """A version of a feature group whose rows are what `query` gives through the storage connector."""

    name: str
    version: int
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    event_time: str | None = None
    storage_connector: str
    query: str
    known_at: str | None = None
    created_by: str
    created_time: datetime


async def external_feature_groups(
    pool: Pool, project: str, name: str | None = None, version: int | None = None
) -> list[ExternalFeatureGroupRow]:
    """All versions of all external feature groups, or those of that name, or the one version; the newest first."""
    query = """
        SELECT * FROM catalogue.external_feature_groups
        WHERE project = %(project)s AND (%(name)s::text IS NULL OR name = %(name)s)
          AND (%(version)s::bigint IS NULL OR version = %(version)s)
        ORDER BY name, version DESC"""
    return await all_of(pool, ExternalFeatureGroupRow, query, project=project, name=name, version=version)
