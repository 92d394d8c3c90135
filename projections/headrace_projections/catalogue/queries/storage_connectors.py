"""Storage connectors."""

from datetime import datetime

from headrace_events.language import value
from headrace_projections.catalogue.queries.rows import Pool, all_of


@value
class StorageConnectorRow:
    """Where an external database is; `secret` says whether something opens it that only members who read it get."""

    name: str
    url: str
    description: str
    secret: bool
    secret_time: datetime
    created_by: str
    created_time: datetime


async def storage_connectors(pool: Pool, project: str, name: str | None = None) -> list[StorageConnectorRow]:
    """All connectors of the project, or the one of that name, by name."""
    query = """
        SELECT * FROM catalogue.storage_connectors
        WHERE project = %(project)s AND (%(name)s::text IS NULL OR name = %(name)s)
        ORDER BY name"""
    return await all_of(pool, StorageConnectorRow, query, project=project, name=name)
