"""Transformation functions that members made."""

from datetime import datetime

from headrace_events.language import value
from headrace_projections.catalogue.queries.rows import Pool, all_of


@value
class TransformationFunctionRow:
    """A version of a function: its source, its features, those whose statistics it reads, and what it returns."""

    name: str
    version: int
    source: str
    arguments: tuple[str, ...]
    statistics: tuple[str, ...]
    return_types: tuple[str, ...]
    drop: tuple[str, ...]
    mode: str
    created_by: str
    created_time: datetime


async def transformation_functions(
    pool: Pool, project: str, name: str | None = None, version: int | None = None
) -> list[TransformationFunctionRow]:
    """All versions of all functions, or those of that name, or the one version; the newest first."""
    query = """
        SELECT *, dropped AS drop FROM catalogue.transformation_functions
        WHERE project = %(project)s AND (%(name)s::text IS NULL OR name = %(name)s)
          AND (%(version)s::bigint IS NULL OR version = %(version)s)
        ORDER BY name, version DESC"""
    return await all_of(pool, TransformationFunctionRow, query, project=project, name=name, version=version)
