"""Members' certificates."""

from datetime import datetime

from headrace_events.ids import Micros
from headrace_events.language import value
from headrace_projections.catalogue.queries.rows import Pool, all_of, one_of


@value
class CertificateRow:
    """One generation; `state` is requested, issued, rejected or revoked, `certificate` PEM, `expires` microseconds."""

    user: str
    generation: int
    state: str
    certificate: str | None = None
    serial: str | None = None
    expires: Micros | None = None
    reason: str | None = None
    requested_time: datetime
    state_time: datetime


_CERTIFICATES = """
    SELECT user_name AS user, generation, state, certificate, serial, expires, reason, requested_time, state_time
    FROM catalogue.certificates WHERE project = %(project)s"""


async def certificates(pool: Pool, project: str, user: str | None = None) -> list[CertificateRow]:
    """All generations of the project's members, or of one of them, the newest first."""
    query = f"""{_CERTIFICATES} AND (%(user)s::text IS NULL OR user_name = %(user)s)
        ORDER BY user_name, generation DESC"""
    return await all_of(pool, CertificateRow, query, project=project, user=user)


async def certificate(pool: Pool, project: str, user: str, generation: int) -> CertificateRow | None:
    """One generation."""
    query = f"{_CERTIFICATES} AND user_name = %(user)s AND generation = %(generation)s"
    return await one_of(pool, CertificateRow, query, project=project, user=user, generation=generation)
